"""Payment lists, bank returns, refunds."""
