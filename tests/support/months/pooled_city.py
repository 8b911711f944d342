"""A city with vouchers that share pools; what two persons decide of a month is put there."""

from datetime import date

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from ledger.accounts.queries import balances, rights
from ledger.accounts.rules.targets import Rights
from ledger.desk.steps.confirm import respond
from ledger.people.codes import Answer
from ledger.people.tables import Decision
from ledger.postgres.columns import key
from ledger.vouchers.queries.pools import PoolRead, pool_by_number
from ledger.vouchers.queries.years import drawn_by_year
from ledger.vouchers.steps.accrue import accrue, accrue_all
from ledger.vouchers.steps.caps import propose_cap
from ledger.vouchers.steps.pools import propose_pool
from ledger.vouchers.steps.voucher import open_voucher
from ledger.vouchers.steps.year_caps import propose_year_cap
from ledger.vouchers.tables import Voucher
from tests.support.town import APPROVER, CLERK, NOW
from tests.support.vouchers import place_clause, place_cost_book, place_decision, place_project

CLAUSE, LAW = "09-1", "law"


class PooledCity:
    """Projects with a contract and a voucher of one clause each; thirty percent of their cost."""

    def __init__(
        self, owner: psycopg.Connection, engine: sa.Engine, codes: str, cap_fen: int
    ) -> None:
        self.owner, self.engine = owner, engine
        place_clause(owner, cap_fen, CLAUSE, LAW)
        self.vouchers: dict[str, Voucher] = {}
        self.contracts: dict[str, int] = {}
        for code in codes:
            self.open(code)
        self.decision = place_decision(owner, "reconciliation", {})

    def open(self, code: str) -> None:
        """A project of this code with its voucher and its contract."""
        project = place_project(self.owner, code)
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            self.vouchers[code] = open_voucher(
                db, project=project, clause=CLAUSE, policy=LAW, facts={}, actor="clerk", now=NOW
            )
        place_cost_book(self.owner, project, f"k-{code}")
        row = self.owner.execute(
            "INSERT INTO prices (contract_id, unit, yuan, gpus, hours, tax_included, tax_rate,"
            " valid, recorded_at, recorded_by)"
            " SELECT id, 'gpu-hour', 1, 1, 1, false, 0, '[2017-01-01,)', now(), 'x'"
            " FROM contracts WHERE number = %s RETURNING contract_id",
            (f"k-{code}",),
        ).fetchone()
        assert row
        self.contracts[code] = int(row[0])

    def hold(self, code: str, month: date, cost_fen: int) -> None:
        """The books rest on so much of a month from now on, as two persons decided."""
        values = {"contract": self.contracts[code], "month": month, "fen": cost_fen}
        self.owner.execute("ALTER TABLE matches DISABLE TRIGGER USER")
        self.owner.execute(
            """
            WITH opened AS (
                INSERT INTO reconciliations (contract_id, month, opened_at, opened_by)
                VALUES (%(contract)s, %(month)s, now(), 'x')
                ON CONFLICT (contract_id, month) DO UPDATE SET opened_by = 'x' RETURNING id
            )
            INSERT INTO matches (reconciliation_id, part, metered_fen, invoiced_fen, matched_fen,
                                 extra_fen, extra_over_fen, closed_fen, held_fen, decision_id)
            SELECT id, 'compute', %(fen)s, %(fen)s, %(fen)s, 0, 0, 0, %(fen)s, %(decision)s
            FROM opened
            ON CONFLICT (reconciliation_id, part) DO UPDATE SET held_fen = excluded.held_fen,
                metered_fen = excluded.metered_fen, invoiced_fen = excluded.invoiced_fen,
                matched_fen = excluded.matched_fen
            """,
            {**values, "decision": self.decision},
        )
        self.owner.execute("ALTER TABLE matches ENABLE TRIGGER USER")

    def meter(self, code: str, month: date, cost_fen: int) -> None:
        """So much is metered of a month."""
        self.owner.execute(
            "INSERT INTO charges (contract_id, price_id, month, policy, mig_profile, ms_num,"
            " ms_den, cost_fen, computed_at) SELECT contract_id, id, %s, %s, '', 0, 1, %s, now()"
            " FROM prices WHERE contract_id = %s ON CONFLICT ON CONSTRAINT one_charge"
            " DO UPDATE SET cost_fen = excluded.cost_fen",
            (month, LAW, cost_fen, self.contracts[code]),
        )

    def accrue(self, code: str) -> None:
        with Session(self.engine) as db, db.begin():
            accrue(db, db.get_one(Voucher, self.vouchers[code].id), "test", NOW)

    def accrue_all(self) -> None:
        with Session(self.engine) as db, db.begin():
            accrue_all(db, "test", NOW)

    def confirm(self, decision: Decision) -> None:
        with Session(self.engine) as db, db.begin():
            respond(
                db, key(decision), answer=Answer.CONFIRMED, digest_seen=decision.digest,
                viewer=APPROVER, now=NOW,
            )  # fmt: skip

    def pool(self, year: int, cap_fen: int, number: str = "池", clause: str = CLAUSE) -> None:
        """Two persons make a pool of a year, or change it."""
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            decision = propose_pool(
                db, year=year, number=number, clauses=[clause], cap_fen=cap_fen, reason="预算",
                actor=CLERK.actor, now=NOW,
            )  # fmt: skip
        self.confirm(decision)

    def year_cap(self, code: str, since: int, cap_fen: int | None) -> None:
        """Two persons give a voucher a cap for the years."""
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            decision = propose_year_cap(
                db, db.get_one(Voucher, self.vouchers[code].id), since=since, cap_fen=cap_fen,
                reason="核定", actor=CLERK.actor, now=NOW,
            )  # fmt: skip
        self.confirm(decision)

    def cap(self, code: str, cap_fen: int) -> None:
        """Two persons give a voucher another cap for life."""
        with Session(self.engine, expire_on_commit=False) as db, db.begin():
            decision = propose_cap(
                db, db.get_one(Voucher, self.vouchers[code].id), cap_fen=cap_fen, reason="核定",
                actor=CLERK.actor, now=NOW,
            )  # fmt: skip
        self.confirm(decision)

    def rights(self, code: str) -> Rights:
        with Session(self.engine) as db:
            return rights(db, self.vouchers[code].book_id)

    def draws(self, code: str) -> dict[int, int]:
        """What is drawn of each year, without those of which nothing is."""
        with Session(self.engine) as db:
            voucher = db.get_one(Voucher, self.vouchers[code].id)
            return {year: fen for year, fen in (drawn_by_year(db, voucher) or {}).items() if fen}

    def read(self, year: int, number: str = "池") -> PoolRead:
        with Session(self.engine) as db:
            pool = pool_by_number(db, year, number)
            assert pool is not None
            assert balances(db, pool.book_id)["drawn"] == pool.drawn_fen
            return pool
