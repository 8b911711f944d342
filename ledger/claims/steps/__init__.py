"""Steps of this room; each call runs in its caller's transaction."""
