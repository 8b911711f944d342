"""Signing in by a provider of identities that the site has (OpenID Connect)."""
