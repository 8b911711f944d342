"""The bureau’s desk: queues, decisions of two persons, findings, a centre’s own page."""
