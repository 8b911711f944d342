"""What the server that is backed up says about itself."""
