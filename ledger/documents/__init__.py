"""Cost documents (成本单据): invoices, red invoices, settlements, and their receipts."""
