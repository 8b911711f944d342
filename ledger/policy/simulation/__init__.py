"""What a policy version costs for a whole register of applicants."""
