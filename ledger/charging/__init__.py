"""Use times price: what a project owes under each contract line, month by month."""
