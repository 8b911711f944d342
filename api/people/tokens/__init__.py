"""Tokens in a browser: one's own, and those that security administrators make."""
