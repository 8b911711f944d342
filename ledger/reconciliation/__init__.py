"""Reconciliation (对账): allocations, differences, and decisions by two persons."""
