"""Who may act: tokens, sessions, and decisions by two persons."""
