"""Statements (对账单): what was metered under a contract in a month."""
