"""Seals (封存): every row that proves something, hashed, in signed heads chained one to another.

What is sealed is a table in `rules/relations.py`; how a row becomes bytes, in `rules/form.py`; how
rows become a root, in `rules/merkle.py`; what is signed, in `rules/heads.py`. Sealing stands in
`steps/seal.py`, and checking a database against its seals in `queries/verify.py`, which needs
psycopg and PyNaCl, and nothing of the server.
"""
