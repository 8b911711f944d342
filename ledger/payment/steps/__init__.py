"""What can be done in payment; one call is one transaction of its caller."""
