"""Pure rules of charging: no database, no clock."""
