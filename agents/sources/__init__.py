"""Sources of usage besides the driver: job traces, and a made-up centre."""
