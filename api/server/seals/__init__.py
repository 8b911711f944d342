"""Seals on this machine: commands, and the rounds of the server."""
