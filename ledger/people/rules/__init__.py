"""Pure functions: names and duties of people, passwords, one-time codes."""
