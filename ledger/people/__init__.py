"""Who may act: tokens, sessions, and decisions that two persons take."""
