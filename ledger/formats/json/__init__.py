"""JSON: no name twice, long lists row by row, exact quantities."""
