"""Everyone's door: machines, builders, operators, the bureau."""
