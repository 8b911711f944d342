"""Elliptic-curve signatures, and the DER that they stand in."""
