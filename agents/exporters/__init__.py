"""Exporters that speak Prometheus: scraped, parsed by their vendor's entry, turned into looks."""
