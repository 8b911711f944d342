"""Backups of the whole server: base backups and WAL in a store, and moments from it."""
