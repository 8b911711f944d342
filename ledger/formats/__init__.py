"""How values are written and read; signatures and spreadsheets have folders of their own."""
