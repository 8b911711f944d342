"""Pure functions of seals: they need Python and PyNaCl, no database."""
