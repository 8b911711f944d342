"""The engine: facts in; an award, its reasons and its record out."""
