"""The policy: eligibility, evaluation, explanation, checks."""
