"""The books: knows no HTTP and no cluster."""
