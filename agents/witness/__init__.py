"""The cluster's witness: what the API server says of pods, claims and nodes, as sightings."""
