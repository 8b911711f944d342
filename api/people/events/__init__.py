"""The event log as people and programs read it."""
