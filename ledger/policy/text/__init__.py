"""What a policy file says, and whether it agrees with itself and with its quotations."""
