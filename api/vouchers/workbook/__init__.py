"""Vouchers as a workbook: taken away as they are found, and proposed from one, a row each."""
