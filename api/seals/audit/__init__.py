"""For auditors: a sample of claims, the books for a program of theirs, sealed vouchers to keep."""
