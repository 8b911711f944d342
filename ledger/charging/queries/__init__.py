"""The only code of charging that talks to the database."""
