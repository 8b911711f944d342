"""Whose turn it is: who calls, what each may hold at once, and the layer that lets them pass."""
