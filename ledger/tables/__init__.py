"""Nouns, as SQLModel rows. The database constraints of the migrations hold the truth."""
