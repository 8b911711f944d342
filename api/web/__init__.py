"""What all pages share: layout, forms, charts."""
