"""The only code of documents that talks to the database."""
