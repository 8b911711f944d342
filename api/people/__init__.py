"""People: sign-in, tokens."""
