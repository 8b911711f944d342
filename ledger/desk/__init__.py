"""Across all rooms: the bureau's queues, findings, and confirmation of decisions."""
