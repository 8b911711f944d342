"""Archives: the rolls of sealed months in files, and how they are read there."""
