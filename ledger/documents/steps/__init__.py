"""What can be done in documents; one call is one transaction of its caller."""
