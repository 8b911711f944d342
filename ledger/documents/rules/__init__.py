"""Pure rules of documents: no database, no clock."""
