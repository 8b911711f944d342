"""Reconciliation (对账): allocations, differences, and what two persons decide of them."""
