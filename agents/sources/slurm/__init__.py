"""Slurm's accounting, as `sacct` tells it: tables, JSON, the program itself."""
