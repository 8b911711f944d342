"""What is sealed and lies outside of the database."""
