"""What can be done in people; one call is one transaction of its caller."""
