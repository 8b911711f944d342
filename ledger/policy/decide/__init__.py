"""The engine: from facts to an award, its reasons and its record."""
