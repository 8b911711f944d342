"""The whole thread on one page: from a GPU's clock to money on a builder's account.

Read this first. It is the product as its users meet it: the server as `make run` starts it, the
commands that people type, the agent's own code for meter, spool and report. Two GPUs run for two
hours; one of them is lost for ten minutes. The builder then sees what that was worth, to the fen,
and can walk from the figure down to the very windows. When the month is over the centre invoices
what was metered, two clerks reconcile it, the builder claims her part, the public may object, and
the bank pays: once, to the account that two persons confirmed. A price that is corrected afterwards
and a red invoice lower what was paid when two persons decide it. The drill's clock (ADR 0007) takes
us through November in a minute.
"""

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from agents import wire
from agents.metering.meter import Meter
from agents.observations import HolderShare, Holdings, Instant, Look, Reading
from agents.reporting.identity import enrol
from agents.reporting.report import drain
from agents.reporting.spool import Spool
from api.demo.invoices import Invoice, Item
from tests.support.papers.proofs import pdf
from tests.support.processes import DRILL, Up, running

FIRST, SECOND = (f"GPU-5a1e0000-0000-4000-8000-00000000000{n}" for n in (1, 2))

REGISTRY = f"""
organisations:
  - {{uscc: 91640100MADEM0001Y, name: 银川示例智算有限公司}}
  - {{uscc: 91640100MADEM00022, name: 塞上大模型科技有限公司}}
centres:
  - {{name: 贺兰山智算中心, organisation: 91640100MADEM0001Y}}
clusters:
  - {{name: helan-a, centre: 贺兰山智算中心, billing: [{{source: nvml, from: 2026-01-01}}]}}
catalogue:
  - {{model: H100-80G, names: [{{nvml: NVIDIA H100 80GB HBM3}}]}}
gpus:
  - {{gpu: {FIRST}, cluster: helan-a, node: gpu-01, from: 2026-01-01}}
  - {{gpu: {SECOND}, cluster: helan-a, node: gpu-01, from: 2026-01-01}}
projects:
  - {{code: saishang-72b, name: 塞上大模型 72B, kind: model, organisation: 91640100MADEM00022,
     drill: true}}
contracts:
  - number: HL-2026-001
    centre: 贺兰山智算中心
    project: saishang-72b
    from: 2026-01-01
    prices:
      - {{unit: gpu-hour, yuan: "10.60", model: H100-80G, tax_included: true, tax_rate: "0.06"}}
bindings:
  - {{cluster: helan-a, holder: {{static: 塞上团队}}, project: saishang-72b, from: 2026-01-01}}
"""


@pytest.fixture
def city(folder: Path) -> Iterator[Up]:
    """The server, on a data folder of its own, as `make run` starts it."""
    with running(folder / "data", *DRILL, SUANQUAN_DRILL_CLOCK="the clock of this story") as city:
        yield city


def test_from_a_gpus_clock_to_money_on_an_account(city: Up, folder: Path) -> None:
    from_a_gpus_clock_to_the_quota(city, folder)
    people = {role: Person(city, role, folder) for role in SCOPES}
    from_the_meter_to_what_is_payable(people, folder)
    claim = from_a_claim_to_its_approval(people, folder)
    from_the_budget_to_the_bank(people, claim, folder)
    from_a_correction_to_what_is_owed(people, folder)
    from_the_close_to_a_strangers_proof(city, people, folder)


def from_a_gpus_clock_to_the_quota(city: Up, folder: Path) -> None:
    # A clerk registers who is who, what a GPU-hour costs, and whose the holder is.
    (folder / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
    clerk = Person(city, "clerk", folder)
    clerk.ask("register", str(folder / "registry.yaml"))

    # The server knows the policy from its file; two persons make that version payable.
    version = clerk.ask("voucher", "make-payable", "yinchuan-2024-drill", "--reason=演练")
    Person(city, "approver", folder).confirm(version["id"])

    # The model meets article 9, so the city promises 30 % of its compute cost, up to 5 million.
    answer = clerk.ask(
        "voucher", "open", "saishang-72b", "--clause=09-1", "--policy=yinchuan-2024-drill",
        "--fact=subject_kind=enterprise", "--fact=legal_person=true",
        "--fact=landed_in_city=true", "--fact=parameters=72000000000", "--fact=scenarios=5",
    )  # fmt: skip
    assert answer["cap_fen"] == 500_000_000
    Person(city, "approver", folder).confirm(answer["decision"])

    # The centre's operator enrols a node with a one-time code; its private key never leaves it.
    wish = ("--source=nvml", "--history-from=2026-10-01")  # it measured before it is enrolled
    code = city.by("system").ask("agent", "code", "helan-a", *wish)["code"]
    identity = enrol(folder / "node", city.url, code, "gpu-01")

    # The agent meters two hours into its spool, then reports: numbered, chained and signed.
    with Spool(folder / "node" / "spool.sqlite") as spool:
        spool.add(two_hours_of_two_gpus())
        drain(spool, identity, city.url, give_up_after_s=30)
        assert spool.depth() == 0

    # Nobody is billed for what nobody saw: 2 × 120 minutes, less the ten that one GPU was lost.
    assert city.usage() == {"saishang-72b": (2 * 120 - 10) * wire.MINUTE_MS}
    assert [gap["reasons"] for gap in city.ask("findings", "gaps")] == ["gpu_lost"]

    # 230 minutes at 10.00 yuan without tax an hour are 38.33 yuan; 30 % of them are 11.50.
    clerk.ask("accrue")
    quota = city.ask("quota", "saishang-72b")
    assert quota["cost_fen"] == 3833
    assert quota["provisional_fen"] == 1150
    assert quota["left_fen"] == 500_000_000 - 1150

    # Asking again moves nothing: figures are absolute, never «new since last time».
    clerk.ask("accrue")
    assert city.ask("quota", "saishang-72b")["provisional_fen"] == 1150

    # From the figure down: the days, and the windows that they are made of.
    days = city.ask("days", "saishang-72b")
    assert sum(day["device_ms"] for day in days) == 230 * wire.MINUTE_MS
    windows = [window for day in days for window in windows_of(city, day["day"])]
    assert sum(w["to_ms"] - w["from_ms"] for w in windows) == 230 * wire.MINUTE_MS
    assert {w["gpu"] for w in windows} == {FIRST, SECOND}
    assert {w["util_ppm"] for w in windows} == {870_000}

    # The builder's own token shows her own project, and no other's.
    builder = Person(city, "builder", folder)
    assert [p["code"] for p in builder.ask("projects")] == ["saishang-72b"]


def from_the_meter_to_what_is_payable(people: dict[str, "Person"], folder: Path) -> None:
    clerk, centre, builder = people["clerk"], people["operator"], people["builder"]

    # The month is over: a numbered statement says what was metered, and both sides agree to it.
    clerk.day = "2026-11-02"
    (statement,) = clerk.ask("statement", "issue", "2026-10", "--contract=HL-2026-001")
    assert statement["total_fen"] == 3833
    for party in (centre, builder):
        party.ask("statement", "confirm", statement["number"])

    # The centre's invoice carries that number, so it finds its place by itself.
    bill = Invoice(
        "HL-2026-001 2026-10", date(2026, 11, 3), SELLER, BUYER, [Item(3833)],
        f"对账单号 {statement['number']}",
    )  # fmt: skip
    (folder / "invoice.xml").write_bytes(bill.xml())
    # What the centre sends counts once the bureau has compared it.
    (outcome,) = centre.ask("invoice", "add", str(folder / "invoice.xml"))
    assert clerk.ask("reconcile", "match")["allocated_fen"] == 0
    clerk.ask("invoice", "confirm", outcome["documents"][0]["number"], "--yes")
    assert clerk.ask("reconcile", "match")["allocated_fen"] == 3833

    # One clerk proposes, another confirms the very figures; only now is anything payable.
    clerk.day = people["approver"].day = "2026-11-04"
    proposal = clerk.ask("reconcile", "propose", "HL-2026-001", "2026-10")
    assert clerk.fails("confirm", str(proposal["id"]), f"--seen={proposal['digest']}")
    people["approver"].confirm(proposal["id"])
    quota = builder.ask("quota", "saishang-72b")
    assert (quota["provisional_fen"], quota["payable_fen"]) == (0, 1150)


def from_a_claim_to_its_approval(people: dict[str, "Person"], folder: Path) -> str:
    clerk, approver, builder = people["clerk"], people["approver"], people["builder"]
    for person in people.values():
        person.day = "2026-11-05"

    # She names the account once, and another person confirms it.
    account = builder.ask(
        "account", "set", "--holder=塞上大模型科技有限公司", "--bank=演练银行银川分行",
        "--code=313871000007", "--number=6222000000000001",
    )  # fmt: skip
    clerk.confirm(account["decision"])

    # She claims what is payable, with her papers; the policy decides on the day it is accepted.
    number = str(builder.ask("claim", "open", "saishang-72b")["number"])
    for role in ("application", "commitment", "receipt"):
        (folder / f"{role}.pdf").write_bytes(pdf(role))
        invoice = builder.ask("claim", "show", number)["documents"][0]
        about = [f"--proves={invoice}"] if role == "receipt" else []
        builder.ask("claim", "add", number, role, str(folder / f"{role}.pdf"), *about)
    builder.ask("claim", "submit", number)
    clerk.ask("claim", "accept", number)

    # The public has five working days; before they are over nobody can approve.
    clerk.ask("claim", "publish", number, "--channel=0951-0000000")
    clerk.day = "2026-11-12"
    assert clerk.fails("claim", "approve", number)
    clerk.day = approver.day = "2026-11-13"
    approver.confirm(clerk.ask("claim", "approve", number)["decision"])
    assert builder.ask("claim", "show", number)["state"] == "approved"
    return number


def from_the_budget_to_the_bank(people: dict[str, "Person"], claim: str, folder: Path) -> None:
    finance, approver, builder = people["finance"], people["approver"], people["builder"]
    finance.day = approver.day = "2026-11-16"

    # Money comes from an indicator of the year's budget, and its list takes two persons.
    indicator = finance.ask(
        "pay", "indicator", "open", "640100-2026-001", "--year=2026", "--yuan=1000000",
        "--project-name=算力补贴", "--fund-kind=一般公共预算", "--classification=2150517",
    )  # fmt: skip
    approver.confirm(indicator["id"])
    answer = finance.ask("pay", "list", "make", "--indicator=640100-2026-001", "--year=2026")
    assert answer["content"]["words"] == "壹拾壹元伍角"
    approver.confirm(answer["id"])

    # The bank pays, and says so; only then is it paid. Saying so twice pays nothing twice.
    (folder / "return.csv").write_text(
        "流水号,清单号,序号,结果,金额,日期,原因\n"
        f"B-1,{answer['subject']},1,成功,11.50,2026-11-17,\n",
        encoding="utf-8",
    )  # fmt: skip
    finance.day = "2026-11-17"
    finance.ask("pay", "return", str(folder / "return.csv"))
    assert finance.fails("pay", "return", str(folder / "return.csv"))
    assert builder.ask("claim", "show", claim)["state"] == "paid"
    quota = builder.ask("quota", "saishang-72b")
    assert (quota["payable_fen"], quota["paid_fen"]) == (0, 1150)


def from_a_correction_to_what_is_owed(people: dict[str, "Person"], folder: Path) -> None:
    clerk, approver, centre = people["clerk"], people["approver"], people["operator"]
    clerk.day = approver.day = centre.day = "2026-11-18"
    month = ("HL-2026-001", "2026-10")

    # The price was nine yuan, it turns out; a second person confirms it. What was paid stays paid
    # until two persons decide that it falls: 34.50 yuan earn 10.35.
    def price(yuan: str) -> None:
        (folder / "price.yaml").write_text(REGISTRY.replace("10.60", yuan), encoding="utf-8")
        answer = clerk.ask("register", str(folder / "price.yaml"), "--supersede")
        approver.confirm(answer["decision"])
        clerk.ask("accrue")

    price("9.54")
    assert money(people) == (1150, 0)
    approver.confirm(clerk.ask("reconcile", "fall", *month, "--reason=价格更正")["id"])
    assert money(people) == (1035, 115)

    # It was ten after all: what fell rises by itself, and nobody is asked.
    price("10.60")
    assert money(people) == (1150, 0)

    # A red invoice takes back ten yuan of the bill; again the books wait for two persons.
    bill = Invoice("HL-2026-001 2026-10", date(2026, 11, 3), SELLER, BUYER, [Item(3833)])
    red = Invoice(
        "red", date(2026, 11, 18), SELLER, BUYER, [Item(-1000)], reverses=bill.number
    )  # fmt: skip
    (folder / "red.xml").write_bytes(red.xml())
    (outcome,) = centre.ask("invoice", "add", str(folder / "red.xml"))
    clerk.ask("invoice", "confirm", outcome["documents"][0]["number"], "--yes")
    assert money(people) == (1150, 0)
    approver.confirm(clerk.ask("reconcile", "fall", *month, "--reason=红字发票")["id"])
    assert money(people) == (850, 300)


def from_the_close_to_a_strangers_proof(
    city: Up, people: dict[str, "Person"], folder: Path
) -> None:
    clerk, finance, approver = people["clerk"], people["finance"], people["approver"]
    finance.day = clerk.day

    # The month is closed: its usage, then its books, by two. What is open is carried.
    clerk.ask("close", "usage", "2026-10")
    approver.confirm(finance.ask("close", "books", "2026-10")["id"])
    assert clerk.fails("close", "usage", "2026-10")
    carried = clerk.ask("close", "show", "books", "2026-10")["items"]
    assert "recovery" in {item["kind"] for item in carried}

    # Everything is sealed into one file, which a stranger verifies without us.
    export = folder / "2026.zip"
    assert city.command("seal", "export", str(export)).returncode == 0
    assert city.command("verify", str(export)).returncode == 0

    # Whoever pays himself a fen more in it is found: first the row, then what no longer follows.
    forged = folder / "forged.zip"
    with zipfile.ZipFile(export) as sound, zipfile.ZipFile(forged, "w") as copy:
        for name in sound.namelist():
            content = sound.read(name)
            if name == "rows/bank_returns.tsv":
                content = content.replace(b"\t1150\t", b"\t1151\t", 1)
            copy.writestr(name, content)
    answer = city.command("verify", str(forged), "--json")
    assert answer.returncode == 1
    faults = json.loads(answer.stdout)["faults"]
    named = [(fault["relation"], fault["code"]) for fault in faults]
    assert named[0] == ("bank_returns", "changed")
    assert {code for _, code in named[1:]} == {"bank", "posting"}


def money(people: dict[str, "Person"]) -> tuple[int, int]:
    """What is paid, and what of it is to be paid back, in fen."""
    quota = people["builder"].ask("quota", "saishang-72b")
    return quota["paid_fen"], quota["rights"]["recoverable"]


def two_hours_of_two_gpus() -> Iterator[wire.Window]:
    """The real meter, driven: holders every second, the driver every ten."""
    start_ms = wire.start_ms(datetime(2026, 10, 15, 2, tzinfo=UTC))
    team = (HolderShare(wire.Static("塞上团队")),)
    holdings = Holdings({FIRST: team, SECOND: team})
    meter = Meter(Instant(start_ms, 0), boot="boot-1")
    for ms in range(0, 120 * wire.MINUTE_MS + 1, 1_000):
        at = Instant(start_ms + ms, ms)
        lost = 30 * wire.MINUTE_MS < ms < 40 * wire.MINUTE_MS
        looks = {FIRST: look(FIRST), SECOND: wire.GapReason.GPU_LOST if lost else look(SECOND)}
        yield from meter.see(at, holdings, looks if meter.due(at) else None).windows


def look(gpu: str) -> Look:
    """What the driver shows of a busy GPU."""
    return Look(
        "NVIDIA H100 80GB HBM3", mig=False, slices=(), readings={gpu: Reading(util_ppm=870_000)}
    )


def windows_of(city: Up, day: str) -> list[dict[str, Any]]:
    """Every window of a day, page by page."""
    path = f"/api/v1/projects/saishang-72b/days/{day}/windows?limit=1000"
    windows: list[dict[str, Any]] = city.get(path)
    return windows


# Who takes part in the month, and what each is bound to.
SCOPES = {
    "clerk": (),
    "approver": (),
    "finance": (),
    "operator": ("--centre=贺兰山智算中心",),
    "builder": ("--project=saishang-72b",),
}
SELLER = ("91640100MADEM0001Y", "银川示例智算有限公司")
BUYER = ("91640100MADEM00022", "塞上大模型科技有限公司")


class Person:
    """Somebody with a token of her own, who does something on a day of the drill."""

    def __init__(self, city: Up, role: str, folder: Path) -> None:
        path = folder / f"{role}.token"
        if not path.exists():
            wish = ("token", "create", f"某{role}", f"--role={role}", *SCOPES[role])
            answer = city.by("security").ask(*wish)
            path.write_text(answer["secret"])
            if answer["waits"]:  # who decides about money is let in by two
                number = str(answer["id"])
                assert city.by("security2").command("token", "confirm", number).returncode == 0
        self._city, self._token = city, path.read_text()
        self.day = ""

    def ask(self, *arguments: str) -> Any:
        return self._at().ask(*arguments)

    def fails(self, *arguments: str) -> bool:
        return self._at().command(*arguments).returncode == 1

    def confirm(self, number: int) -> None:
        """Look at what another person decided, and confirm just that."""
        (decision,) = [d for d in self.ask("decisions") if d["id"] == number]
        self.ask("confirm", str(number), f"--seen={decision['digest']}")

    def _at(self) -> Up:
        city = self._city
        drill = {"SUANQUAN_DRILL_NOW": f"{self.day}T10:00:00+08:00"} if self.day else {}
        own = {"SUANQUAN_URL": city.url, "SUANQUAN_TOKEN": self._token}
        return Up(city.data, environment={**city.environment, **own, **drill})
