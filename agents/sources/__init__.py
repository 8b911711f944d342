"""Where usage comes from besides the driver: job traces, and a made-up centre."""
