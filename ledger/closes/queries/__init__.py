"""Read closes, what a month came to, what is open, and the books whose invariants are checked."""
