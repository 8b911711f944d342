"""Pure rules of payment: no database, no clock."""
