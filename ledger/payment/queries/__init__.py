"""The only code of payment that talks to the database."""
