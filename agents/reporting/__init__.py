"""The way to the server: spool, identity, signed batches."""
