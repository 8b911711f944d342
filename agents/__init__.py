"""The agent, which runs in a computing centre: it meters GPUs and reports windows."""
