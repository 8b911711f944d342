"""What the clusters’ witnesses saw, and what it says of usage."""
