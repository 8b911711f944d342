"""Claims, bank accounts, publications."""
