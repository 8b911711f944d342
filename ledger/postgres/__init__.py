"""The database engine: embedded or by URL, roles, upgrade, refusals."""
