"""Who holds which device: the kubelet, or a map file."""
