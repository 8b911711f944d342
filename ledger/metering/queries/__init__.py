"""The only code of metering that talks to the database."""
