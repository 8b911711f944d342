"""Vouchers and quotas."""
