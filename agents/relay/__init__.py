"""The relay: one address for the nodes of a centre, one line to the server."""
