"""A decision in words: explanation, arithmetic, annex."""
