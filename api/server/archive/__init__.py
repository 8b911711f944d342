"""Archives on this machine: commands, and the round of the server."""
