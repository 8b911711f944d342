"""What can be done in desk; one call is one transaction of its caller."""
