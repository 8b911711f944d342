"""What can be done in claims; one call is one transaction of its caller."""
