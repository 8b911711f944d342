"""Dumps: made, checked and restored, by PostgreSQL's own pg_dump and pg_restore."""
