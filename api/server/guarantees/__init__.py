"""What the database guarantees, as a command proves it."""
