"""The event log's edge: what was done is recorded in its transaction, what was refused after it."""
