"""What runs inside a centre: meters GPUs and reports windows. Imports nothing of ours."""
