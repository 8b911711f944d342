"""The registry as a workbook: taken away, changed in a spreadsheet, and brought back."""
