"""What an operator runs: node, once, doctor, replay, demo."""
