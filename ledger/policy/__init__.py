"""The policy as code: its versions, and what a version decides on given facts."""
