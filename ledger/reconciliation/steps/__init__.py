"""What can be done in reconciliation; one call is one transaction of its caller."""
