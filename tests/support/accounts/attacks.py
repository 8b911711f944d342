"""SQL that the application's role tries on the books."""

from contextlib import closing

import psycopg

from ledger.postgres.database import Database

CAP = 1_000


TABLES = (
    "accounts", "entries", "movements", "postings", "clauses", "legal_moves", "numbering", "books",
    "roles", "vouchers", "indicators", "cost_books", "decisions", "reservations",
)  # fmt: skip


POST = """
    INSERT INTO postings (cause, used, booked, actor)
    VALUES ('bad', '2026-11-01', '2026-11-01', 'x');
"""


MOVE = "INSERT INTO movements (posting, book, kind, from_role, to_role, amount)"


def moving(kind: str, from_role: str, to_role: str, amount: object, book: int = 1) -> str:
    """A posting with one movement, in plain SQL."""
    move = f"SELECT max(id), {book}, '{kind}', '{from_role}', '{to_role}', {amount} FROM postings"
    return f"{POST} {MOVE} {move};"


def attempt(database: Database, attack: str) -> type[psycopg.Error] | None:
    """Try it with the application's login, to the commit; the error that it meets."""
    with closing(psycopg.connect(database.app_url)) as connection:
        try:
            connection.execute(attack.encode())
            connection.commit()
        except psycopg.Error as error:
            return type(error)
    return None
