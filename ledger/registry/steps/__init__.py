"""What can be done in registry; one call is one transaction of its caller."""
