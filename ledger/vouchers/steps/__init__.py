"""What can be done in vouchers; one call is one transaction of its caller."""
