"""Double entry: accounts, movements, invariants, and the specification in plain Python."""
