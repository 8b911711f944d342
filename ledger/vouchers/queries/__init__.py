"""The only code of vouchers that talks to the database."""
