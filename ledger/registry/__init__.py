"""Who takes part: organisations, centres, clusters, GPUs, contracts, prices, bindings."""
