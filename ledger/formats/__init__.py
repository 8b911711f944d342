"""How values are written and read; JSON, signatures and spreadsheets have folders of their own."""
