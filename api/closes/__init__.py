"""Closes: months closed in two parts, and what is carried."""
