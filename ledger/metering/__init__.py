"""What agents report: batches, windows, day totals, coverage, gaps, quarantine."""
