"""What every request shares that meets archived evidence."""
