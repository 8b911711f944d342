"""Who sells, buys, is paid and is related, day by day; and all of it at once, for matching."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import Session

from ledger.registry.queries import buyers_of, payee_of, related, seller_buyer_contracts, sellers_of
from ledger.registry.steps.register import read_file, register
from tests.support.paths import EXAMPLES
from tests.support.people import CLERK

FILE = (EXAMPLES / "registry.yaml").read_text(encoding="utf-8")
EXAMPLE = FILE.partition("relations:")[0]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY, LATER = date(2026, 5, 1), date(2026, 8, 1)
OWN = {"centre": "91640100MADEM0001Y", "project": "91640100MADEM00022"}
OTHER = "N2640104MADEM00018"


class Parties:
    """The example, and relations of one more organisation to it."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.centre = db.scalars(sa.text("SELECT id FROM centres")).one()
        self.project = self.key("projects", "code", "saishang-72b")
        self.organisations = {
            uscc: self.key("organisations", "uscc", uscc) for uscc in (*OWN.values(), OTHER)
        }

    def key(self, table: str, column: str, value: str) -> int:
        query = sa.text(f"SELECT id FROM {table} WHERE {column} = :value")
        return int(self.db.scalars(query, {"value": value}).one())

    def relate(self, **fields: object) -> None:
        row = {"centre": None, "project": None, "other": None} | fields
        self.db.execute(
            sa.text(
                "INSERT INTO relations (kind, organisation_id, centre_id, project_id, other_id,"
                " valid,"
                " recorded_at, recorded_by) VALUES (:kind, :organisation, :centre, :project,"
                " :other, CAST(:valid AS daterange), now(), (SELECT min(recorded_by) FROM centres))"
            ),
            row,
        )

    def names(self, organisation_ids: set[int]) -> set[str]:
        return {uscc for uscc, key in self.organisations.items() if key in organisation_ids}


@pytest.fixture
def parties(engine: sa.Engine) -> Iterator[Parties]:
    with Session(engine) as db:
        more = f"organisations: [{{uscc: {OTHER}, name: 集团}}]"
        for text in (EXAMPLE, more):
            assert register(db, *read_file(text), actor=CLERK, now=NOW).findings == ()
        yield Parties(db)


def test_without_relations_everybody_acts_for_himself(parties: Parties) -> None:
    assert parties.names(sellers_of(parties.db, parties.centre, DAY)) == {OWN["centre"]}
    assert parties.names(buyers_of(parties.db, parties.project, DAY)) == {OWN["project"]}
    assert payee_of(parties.db, parties.project, DAY) == parties.organisations[OWN["project"]]
    pairs = [row for row in seller_buyer_contracts(parties.db) if row.project == parties.project]
    assert [(row.seller_uscc, row.buyer_uscc, row.kind, row.valid) for row in pairs] == [
        (OWN["centre"], OWN["project"], "model", Range(date(2026, 1, 1), date(2027, 1, 1)))
    ]


def test_others_act_for_them_on_their_days(parties: Parties) -> None:
    second = parties.organisations[OTHER]
    days = "[2026-04-01,2026-07-01)"
    parties.relate(kind="seller", organisation=second, centre=parties.centre, valid=days)
    parties.relate(kind="buyer", organisation=second, project=parties.project, valid=days)
    parties.relate(kind="payee", organisation=second, project=parties.project, valid=days)
    for day, names in ((DAY, {OTHER}), (LATER, set())):
        assert parties.names(sellers_of(parties.db, parties.centre, day)) == {OWN["centre"]} | names
        assert (
            parties.names(buyers_of(parties.db, parties.project, day)) == {OWN["project"]} | names
        )
        payee = OTHER if names else OWN["project"]
        assert payee_of(parties.db, parties.project, day) == parties.organisations[payee]
    pairs = [row for row in seller_buyer_contracts(parties.db) if row.project == parties.project]
    spell, term = (
        Range(date(2026, 4, 1), date(2026, 7, 1)),
        Range(date(2026, 1, 1), date(2027, 1, 1)),
    )
    assert {(row.seller_uscc, row.buyer_uscc): row.valid for row in pairs} == {
        (OWN["centre"], OWN["project"]): term,
        (OTHER, OWN["project"]): spell,
        (OWN["centre"], OTHER): spell,
        (OTHER, OTHER): spell,
    }


def test_a_pair_of_two_spells_has_a_row_for_each(parties: Parties) -> None:
    second = parties.organisations[OTHER]
    spells = ["[2025-06-01,2026-02-01)", "[2026-11-01,)"]
    for days in spells:
        parties.relate(kind="buyer", organisation=second, project=parties.project, valid=days)
    ranges = [row.valid for row in seller_buyer_contracts(parties.db) if row.buyer_uscc == OTHER]
    assert ranges == [
        Range(date(2026, 1, 1), date(2026, 2, 1)),
        Range(date(2026, 11, 1), date(2027, 1, 1)),
    ]


def test_related_whichever_way_it_was_said(parties: Parties) -> None:
    first, second = parties.organisations[OWN["project"]], parties.organisations[OTHER]
    parties.relate(
        kind="related", organisation=first, other=second, valid="[2026-04-01,2026-07-01)"
    )
    assert related(parties.db, first, second, DAY)
    assert related(parties.db, second, first, DAY)
    assert not related(parties.db, first, second, LATER)


def test_what_is_superseded_holds_no_more(parties: Parties) -> None:
    second = parties.organisations[OTHER]
    parties.relate(kind="seller", organisation=second, centre=parties.centre, valid="[2026-01-01,)")
    end = "UPDATE relations SET superseded_at = now(), superseded_by = recorded_by"
    parties.db.execute(sa.text(end))
    assert parties.names(sellers_of(parties.db, parties.centre, DAY)) == {OWN["centre"]}
    assert {row.seller_uscc for row in seller_buyer_contracts(parties.db)} == {OWN["centre"]}


def test_a_project_is_paid_through_one_organisation_at_a_time(parties: Parties) -> None:
    for organisation in (parties.organisations[OTHER], parties.organisations[OWN["centre"]]):
        fields = {"kind": "payee", "project": parties.project, "valid": "[2026-01-01,)"}
        if organisation == parties.organisations[OTHER]:
            parties.relate(organisation=organisation, **fields)
            continue
        with pytest.raises(sa.exc.IntegrityError) as refused:
            parties.relate(organisation=organisation, **fields)
        assert isinstance(refused.value.orig, psycopg.errors.ExclusionViolation)
