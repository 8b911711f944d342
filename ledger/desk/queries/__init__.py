"""The only code of desk that talks to the database."""
