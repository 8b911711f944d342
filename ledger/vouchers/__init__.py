"""Vouchers (算力券): caps, accruals, reservations, and the quota that is left."""
