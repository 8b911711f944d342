"""Addresses of places where files are kept: what may stand in them."""

from urllib.parse import urlsplit


def has_secret(address: str) -> bool:
    """Return whether an address holds a secret, which would be kept and shown with it."""
    parts = urlsplit(address)
    return "@" in parts.netloc or "secret_key" in parts.query
