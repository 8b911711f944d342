"""A policy version examined: its boundaries, cliffs, exposure and worked cases."""
