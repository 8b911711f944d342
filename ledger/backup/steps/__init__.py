"""Store base backups and WAL, recover a moment from them, remove what is old."""
