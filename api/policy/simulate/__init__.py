"""A simulation as tables, values and a picture."""
