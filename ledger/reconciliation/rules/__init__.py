"""Pure rules of reconciliation: no database, no clock."""
