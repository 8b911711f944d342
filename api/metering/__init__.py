"""Metering: agents, batches, nodes, usage."""
