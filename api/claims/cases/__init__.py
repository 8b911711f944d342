"""What cases have beside their steps: what holds them up, and the picture of their course."""
