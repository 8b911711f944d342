"""Analysis of a policy version: boundaries, cliffs, exposure, worked cases."""
