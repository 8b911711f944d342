"""What can be done in metering; one call is one transaction of its caller."""
