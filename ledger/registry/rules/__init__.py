"""Pure rules of registry: no database, no clock."""
