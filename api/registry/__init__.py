"""The registry, by API and command line."""
