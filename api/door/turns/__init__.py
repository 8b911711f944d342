"""Whose turn it is: who calls, what each may hold at once, and the layers that let them pass."""
