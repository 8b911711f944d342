"""The database engine: embedded or by URL, its roles, its upgrade, its refusals in our words."""
