"""The HTTP interface under /api/v1, one noun a module."""
