"""What is asked of the database by its driver alone: psycopg, and nothing of the server."""
