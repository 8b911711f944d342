"""What a database guarantees: proved by trying to break it, and by comparing it with its making."""
