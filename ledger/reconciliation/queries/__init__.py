"""The only code of reconciliation that talks to the database."""
