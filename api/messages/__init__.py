"""Every code that the program answers with, and its sentence."""
