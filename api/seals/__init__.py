"""Seals: heads before everybody's eyes."""
