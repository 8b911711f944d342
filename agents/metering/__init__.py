"""From observations to windows: pure, minute by minute."""
