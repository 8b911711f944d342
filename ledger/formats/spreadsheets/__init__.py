"""Tables in CSV and XLSX, read and written."""
