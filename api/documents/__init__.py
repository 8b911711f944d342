"""Cost documents."""
