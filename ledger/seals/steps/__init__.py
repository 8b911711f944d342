"""Seal: the bureau's key, and one seal after the other."""
