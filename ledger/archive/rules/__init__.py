"""What needs no database: rolls as Parquet, manifests, the canonical row of a batch."""
