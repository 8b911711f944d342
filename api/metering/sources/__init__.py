"""What each cluster reports by, and how well: one look for its operator."""
