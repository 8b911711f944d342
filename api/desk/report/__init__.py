"""One month of all contracts: what finance and audit are handed."""
