"""Contract lines in the database: what a file may reserve, and what each kind of line costs."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from sqlmodel import Session

from agents import wire
from ledger.charging.steps import charge
from ledger.registry.steps.register import RegistrationReport, read_file, register
from tests.support.people import CLERK
from tests.support.simulation import gpu_id, held, window
from tests.support.town import NOW, Town

LINE = "tax_included: false, tax_rate: 0"
METERED = '{unit: gpu-hour, yuan: "60", tax_included: false, tax_rate: "0.06"}'
DAYS = "from: 2026-03-01, until: 2026-03-02"


def contract(
    *lines: str, number: str = "k1", project: str = "p1", since: str = "2026-01-01"
) -> str:
    listed = "".join(f"\n      - {line}" for line in lines)
    return (
        f"contracts:\n  - number: {number}\n    centre: centre of c1\n    project: {project}\n"
        f"    from: {since}\n    prices:{listed}\n"
    )


def reserved(*gpus: int, name: str = "包机", days: str = DAYS) -> str:
    ids = ", ".join(map(gpu_id, gpus))
    return (
        f"{{kind: reserved, name: {name}, unit: gpu-hour, yuan: 6, {LINE}, gpus: [{ids}], {days}}}"
    )


def whole_node(name: str, node: str) -> str:
    return f"{{kind: reserved, name: {name}, unit: gpu-hour, yuan: 6, {LINE}, nodes: [{node}]}}"


class Books:
    def __init__(self, town: Town, db: Session) -> None:
        self.town, self.db = town, db

    def say(self, text: str, *, supersede: bool = False) -> RegistrationReport:
        report = register(self.db, *read_file(text), actor=CLERK, now=NOW, supersede=supersede)
        self.db.commit()
        return report

    def faults(self, text: str) -> list[tuple[str, str]]:
        return [(f.where.partition(": ")[2], f.code) for f in self.say(text).findings]

    def charged(self) -> dict[str, tuple[int, int, int | None]]:
        """Minutes, fen and promised hours by line (its kind and name) after charging."""
        charge(self.db, NOW)
        self.db.commit()
        rows = self.db.execute(
            sa.text(
                "SELECT p.kind || ' ' || p.name AS line, sum(ms_num / ms_den / 60000)::int,"
                " sum(cost_fen)::int, sum(promised_ms / 3600000)::int"
                " FROM charges g JOIN prices p ON p.id = g.price_id GROUP BY 1 ORDER BY 1"
            )
        )
        return {row[0].strip(): tuple(row[1:]) for row in rows}


@pytest.fixture
def books(town: Town) -> Iterator[Books]:
    with Session(town.engine) as db:
        yield Books(town, db)


def free() -> wire.Part:
    return wire.Part(wire.Unallocated(), 0, 60_000)


def test_a_pod_on_a_device_reserved_for_its_project_is_not_charged_again(books: Books) -> None:
    assert books.faults(contract(METERED, reserved(0))) == []
    books.town.report([window(0, 0), window(1, 0), window(0, 1, free())])
    assert books.charged() == {"metered": (1, 100, None), "reserved 包机": (2, 20, 48)}


def test_what_anybody_else_held_was_not_delivered(books: Books) -> None:
    books.say(contract(METERED, reserved(0)))
    two = (held("team-a", 0, 30_000), held("somebody", 30_000, 60_000))
    gap = wire.Gap(30_000, 60_000, wire.GapReason.NVML_ERROR)
    books.town.report([window(0, 0, *two), window(0, 1, held("team-a", 0, 30_000), gaps=[gap])])
    assert books.charged() == {"reserved 包机": (1, 10, 48)}


def test_two_months_wholly_delivered_are_two_months_of_the_price(
    books: Books, owner: psycopg.Connection
) -> None:
    line = (f"{{kind: reserved, unit: node-month, gpus_per_node: 1, yuan: 3725, {LINE},"
            f" gpus: [{gpu_id(0)}], from: 2026-02-01, until: 2026-03-31}}")  # fmt: skip
    books.say(contract(METERED, line))
    books.db.commit()
    owner.execute(
        "INSERT INTO coverage (gpu, day, cluster_id, source, windows, window_ms, gap_ms)"
        " SELECT %s, d::date, %s, 'nvml', 1440, 86400000, 0"
        " FROM generate_series(date '2026-02-01', '2026-03-31', interval '1 day') d",
        (gpu_id(0), books.town.cluster),
    )
    charge(books.db, NOW)
    rows = books.db.execute(sa.text("SELECT month, cost_fen FROM charges ORDER BY month"))
    assert [row.cost_fen for row in rows] == [3_725_00, 3_725_00]


def test_outside_its_days_a_device_is_metered(books: Books) -> None:
    books.say(contract(METERED, reserved(0)))
    after, later = 2 * 24 * 60, 3 * 24 * 60
    books.town.report([window(0, after), window(0, later)])
    assert books.charged() == {"metered": (2, 200, None), "reserved 包机": (0, 0, 48)}


def test_a_reservation_that_is_taken_back_is_metered_again(books: Books) -> None:
    books.say(contract(METERED, reserved(0)))
    books.town.report([window(0, 0)])
    assert books.charged()["reserved 包机"] == (1, 10, 48)
    later = contract(METERED, reserved(0, days="from: 2026-03-02, until: 2026-03-02"))
    books.town.register(later, NOW, supersede=True)
    assert books.charged() == {"metered": (1, 100, None), "reserved 包机": (0, 0, 24)}


def test_a_package_is_drawn_and_then_the_meter_runs(books: Books) -> None:
    books.say(
        contract(
            METERED,
            f"{{kind: package, name: 包, quantity: 0.05, expires: 2026-03-31, unit: gpu-hour,"
            f" yuan: 30, {LINE}}}",
        )
    )
    books.town.report([window(0, at) for at in range(5)])
    assert books.charged() == {"metered": (2, 200, None), "package 包": (3, 150, None)}


def test_a_fee_stands_beside_the_usage(books: Books) -> None:
    """It is May: three months of two thousand yuan; the fee that does not count earns nothing."""
    fee = (
        f"{{kind: fixed, name: %s, unit: month, yuan: 2000, {LINE}, from: 2026-03-01, counts: %s}}"
    )
    books.say(contract(METERED, fee % ("管理费", "false"), fee % ("专属集群", "true")))
    books.town.report([window(0, 0)])
    assert books.charged() == {
        "metered": (1, 100, None),
        "fixed 管理费": (0, 600_000, None),
        "fixed 专属集群": (0, 600_000, None),
    }
    cost_sums = books.db.scalars(sa.text("SELECT DISTINCT sum(cost_fen) FROM charges"
                                       " WHERE policy <> ''")).one()  # fmt: skip
    assert cost_sums == 600_100


def test_a_contract_may_round_what_was_used(books: Books) -> None:
    text = contract(METERED.replace("unit:", "rounding: started_hour, unit:"))
    books.say(text, supersede=True)
    books.town.report([window(0, 0), window(1, 0), window(1, 1)])
    assert books.charged() == {"metered": (120, 12_000, None)}


def job(qos: str | None = None, partition: str | None = "gpu", account: str = "lab") -> wire.Part:
    return wire.Part(wire.Slurm(account, "42", partition, qos), 0, 60_000)


LAB = "bindings: [{cluster: c1, holder: {slurm: lab}, project: p1, from: 2026-01-01%s}]"
GPU_LINE = '{unit: gpu-hour, yuan: "90", tax_included: false, tax_rate: "0.06", %s}'


def test_partition_qos_and_market_have_their_own_prices(books: Books) -> None:
    """A minute is 100 fen, in the partition 150, in its high QOS 300, as spot 30."""
    books.say(
        contract(
            METERED,
            GPU_LINE % "partition: gpu, name: gpu",
            GPU_LINE.replace("90", "180") % "partition: gpu, qos: high, name: high",
            GPU_LINE.replace("90", "18") % "market: spot, name: spot",
        )
    )
    books.say(LAB % "")
    books.say((LAB % ", market: spot").replace("lab", "cheap"))
    parts = [job(), job("high"), job("low"), job(partition="cpu"), job(None, None),
             job(None, None, "cheap"), job("high", account="cheap")]  # fmt: skip
    books.town.report([window(0, at, part) for at, part in enumerate(parts)])
    assert books.charged() == {
        "metered": (2, 200, None),
        "metered gpu": (2, 300, None),
        "metered high": (2, 600, None),  # also as spot: the partition counts more
        "metered spot": (1, 30, None),
    }


def test_a_binding_that_becomes_spot_takes_its_days(books: Books) -> None:
    books.say(contract(METERED, GPU_LINE.replace("90", "18") % "market: spot, name: spot"))
    books.say(LAB % "")
    books.town.report([window(0, 0, job()), window(0, 24 * 60, job())])
    assert books.charged() == {"metered": (2, 200, None)}
    later = (LAB % ", market: spot").replace("2026-01-01", "2026-03-02")
    (finding,) = books.say(later).findings
    assert finding.code == "contradicts"
    assert dict(finding.params) == {"there": "p1 2026-01-01 ~", "here": "p1, spot 2026-03-02 ~"}
    books.town.register(later, NOW, supersede=True)
    assert books.charged() == {"metered": (1, 100, None), "metered spot": (1, 30, None)}


def test_usage_has_one_metered_price_however_it_is_called(
    books: Books, owner: psycopg.Connection
) -> None:
    books.say(contract(METERED, GPU_LINE % "partition: gpu, name: 甲"))
    (finding,) = books.say(contract(GPU_LINE % "partition: gpu, name: 乙")).findings
    assert finding.code == "contradicts"
    params = dict(finding.params)
    assert (params["there"].partition(" ")[0], params["here"].partition(" ")[0]) == ("甲", "乙")
    report = books.say(contract(GPU_LINE % "partition: gpu, name: 乙"), supersede=True)
    assert (report.created, report.superseded) == ({"prices": 1}, {"prices": 1})
    with pytest.raises(psycopg.errors.ExclusionViolation):
        owner.execute(
            "INSERT INTO prices (contract_id, name, partition, unit, yuan, gpus, hours,"
            " tax_included,"
            " tax_rate, valid, recorded_at, recorded_by) SELECT contract_id, '丙', partition, unit,"
            " yuan, gpus, hours, tax_included, tax_rate, valid, now(), 'x' FROM prices"
            " WHERE superseded_at IS NULL"
        )


def test_a_node_stands_for_the_gpus_that_are_on_it(books: Books) -> None:
    assert books.faults(contract(METERED, whole_node("整机", "c1/n1"))) == []
    (devices,) = books.db.scalars(sa.text("SELECT devices FROM prices WHERE kind = 'reserved'"))
    assert devices == [gpu_id(0), gpu_id(1)]
    again = books.say(contract(METERED, whole_node("整机", "c1/n1")))
    assert (again.created, again.superseded) == ({}, {})


def test_names_that_mean_no_device_here(books: Books) -> None:
    assert books.faults(contract(METERED, reserved(9), whole_node("整机", "c1/n9"))) == [
        ("contracts[0].prices[1].gpus[0]", "unknown_gpu"),
        ("contracts[0].prices[2].nodes[0]", "unknown_node"),
    ]


def test_a_device_of_another_centre_is_not_the_contracts_to_reserve(
    books: Books, owner: psycopg.Connection
) -> None:
    owner.execute(
        "INSERT INTO centres (name, organisation_id) SELECT 'other', organisation_id FROM centres"
    )
    text = contract(METERED, number="k2", since="2027-01-01").replace("centre of c1", "other")
    line = text.replace(METERED, reserved(0, days=""))
    assert books.faults(line) == [("contracts[0].prices[0].gpus[0]", "other_centre")]


def test_a_device_is_reserved_once_a_day(books: Books, owner: psycopg.Connection) -> None:
    books.say(contract(METERED, reserved(0)))
    more = (
        "projects: [{code: p2, name: 乙, kind: team, organisation: 91640100MA7600001J}]\n"
        + contract(reserved(0, 1, days="from: 2026-03-02"), number="k2", project="p2")
    )
    (finding,) = books.say(more).findings
    assert finding.code == "reserved_twice"
    assert dict(finding.params) == {"gpu": gpu_id(0), "contract": "k1"}
    assert books.faults(more.replace("2026-03-02", "2026-03-03")) == []
    with pytest.raises(psycopg.errors.ExclusionViolation):
        owner.execute(
            "INSERT INTO reserved_devices SELECT p.id, %s, d.project_id, d.centre_id, d.valid"
            " FROM prices p, reserved_devices d WHERE p.kind = 'metered' LIMIT 1",
            (gpu_id(0),),
        )


def test_the_application_does_not_write_what_the_database_keeps(books: Books) -> None:
    books.say(contract(METERED, reserved(0)))
    with pytest.raises(sa.exc.ProgrammingError) as refused:
        books.db.execute(sa.text("DELETE FROM reserved_devices"))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'fixed'",
        "kind = 'package', quantity = 1",
        "kind = 'reserved', devices = '{}'",
        "unit = 'month'",
        "counts = true",
        "kind = 'package', quantity = 1, expires = '2026-03-01'",
        "kind = 'reserved', devices = '{x}', rounding = 'minute'",
        "quantity = 1",
        "session_price = 'split'",
        "partition = ''",
        "market = 'cheap'",
        "kind = 'reserved', devices = '{x}', qos = 'high'",
        "kind = 'fixed', unit = 'month', counts = true, market = 'spot'",
    ],
)
def test_each_kind_has_what_it_needs_and_no_more(
    books: Books, owner: psycopg.Connection, change: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(f"UPDATE prices SET {change}".encode())


def test_a_line_that_says_otherwise_contradicts(books: Books) -> None:
    books.say(contract(METERED, reserved(0)))
    (finding,) = books.say(contract(METERED, reserved(1))).findings
    assert finding.code == "contradicts"
    params = dict(finding.params)
    assert params["there"].startswith(f"1 GPU: {gpu_id(0)}, 6/gpu-hour")
    assert params["here"].startswith(f"1 GPU: {gpu_id(1)}, ")
    report = books.say(contract(METERED, reserved(1)), supersede=True)
    assert (report.created, report.superseded) == ({"prices": 1}, {"prices": 1})
    rows = books.db.execute(sa.text("SELECT gpu FROM reserved_devices")).scalars()
    assert list(rows) == [gpu_id(1)]


def test_a_binding_that_names_its_contract_is_charged_under_it(books: Books) -> None:
    """Also where the other contract rounds, so that usage is read session by session."""
    by_started_hours = METERED.replace("unit:", "rounding: started_hour, unit:")
    both = contract(METERED) + contract(by_started_hours, number="k2").partition("\n")[2]
    books.say(both)
    books.town.report([window(0, 0)])
    assert books.charged() == {}
    binding = (
        "bindings: [{cluster: c1, holder: {static: team-a}, project: p1, contract: %s,"
        " from: 2026-01-01}]"
    )
    books.town.register(binding % "k1", NOW, supersede=True)
    assert books.charged() == {"metered": (1, 100, None)}
    books.town.register(binding % "k2", NOW, supersede=True)
    assert books.charged() == {"metered": (60, 6000, None)}
    of_others = binding.replace("p1", "p2").replace("team-a", "team-b") % "k2"
    assert books.faults(of_others) == [
        ("bindings[0].project", "unknown_project"),
        ("bindings[0].contract", "contract_of_others"),
    ]
