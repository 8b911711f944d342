"""The steps themselves, in order; each says what it brings and runs its files under `sql/`."""
