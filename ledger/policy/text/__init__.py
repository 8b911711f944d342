"""The policy file: its shape, its consistency, its quotations."""
