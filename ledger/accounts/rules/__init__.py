"""Pure rules of accounts: no database, no clock."""
