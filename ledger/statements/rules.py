"""Statements (对账单): what was metered under a contract in a month, with its evidence.

A line is a charge with its evidence grade: A if driver, allocation and the cluster's API agree, B
two of them, C one, D an unsigned import. An agent that reads the driver knows the holders from the
allocation too, so its windows are B, and A where all that was held of a device on a day agrees with
the cluster's witness; a job record is C. A line has the worst grade of its usage; a
fixed fee has no usage, hence A. `gap_ms` is the time in which nobody watched the line's devices: it
is in no figure, but whoever confirms should see it.
"""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from ledger.charging.rules.charges import ChargeKey, Policies, charge_key
from ledger.formats.json.exact import Exact
from ledger.formats.spreadsheets.export import harmless
from ledger.policy.process import Grade
from ledger.registry.rules.pricing import PricedUsage, Share
from ledger.statements.codes import AnswerState, LineAnswer
from ledger.units import Fen, hours, yuan

GRADES: Mapping[str, Grade] = MappingProxyType(
    {"nvml": "B", "dcgm": "B", "slurm": "C", "import": "D"}
)


@dataclass(frozen=True)
class Evidence:
    """The evidence of a charge."""

    grade: Grade = "A"
    gap_ms: int = 0


@dataclass(frozen=True)
class LineAnswerView:
    """A party's newest answer to a line."""

    answer: LineAnswer
    reason: str
    answered_at: datetime
    answered_by: str


@dataclass(frozen=True)
class StatementLineView:
    """A charge as the statement shows it; `promised_ms` is what reserved devices should deliver.

    `partition`, `qos` and `market` are what its price selects by; missing is any.
    """

    line: int
    price: int
    kind: str
    name: str
    unit: str
    policy: str
    model: str | None
    mig_profile: str
    partition: str | None
    qos: str | None
    market: str | None
    device_ms: Exact
    promised_ms: int | None
    cost_fen: Fen
    grade: Grade
    gap_ms: int
    centre: LineAnswerView | None
    builder: LineAnswerView | None


@dataclass(frozen=True)
class StatementHead:
    """What a statement is of, and each party's answer as a whole; a preview has no number.

    `superseded_by` is the number of its newest revision.
    """

    number: str
    contract: str
    centre: str
    project: str
    month: date
    revision: int
    total_fen: Fen
    issued_at: datetime
    issued_by: str
    superseded_by: str | None
    centre_says: AnswerState
    builder_says: AnswerState


@dataclass(frozen=True)
class StatementSummary(StatementHead):
    """A statement in a list, with how many lines it has."""

    lines: int


@dataclass(frozen=True)
class Statement(StatementHead):
    """A statement with its lines; `digest` names exactly what it says."""

    digest: str
    lines: tuple[StatementLineView, ...]


def answer_state(words: Iterable[str | None]) -> AnswerState:
    """Return a party's answer as a whole from its answers to lines (None: no answer)."""
    answers = set(words)
    if "contested" in answers:
        return AnswerState.CONTESTED
    return AnswerState.OPEN if None in answers else AnswerState.CONFIRMED


def number_of(contract: int, month: date, revision: int) -> str:
    """Return the number `DZ-202611-12-1`: month, contract, revision."""
    return f"DZ-{month:%Y%m}-{contract}-{revision}"


def evidence(
    items: Iterable[PricedUsage | Share],
    gaps: Mapping[tuple[str, date], int],
    policies: Policies,
    agreements: Collection[tuple[str, date, str, str]] = (),
) -> dict[ChargeKey, Evidence]:
    """Return the evidence of each charge.

    Args:
        items: with their devices and sources.
        gaps: (device, Beijing day) → ms in which nobody watched it.
        policies: as for the charges themselves.
        agreements: (device, day, holder, source) of which all agrees with a witness.
    """
    grades: dict[ChargeKey, set[Grade]] = {}
    watched: dict[ChargeKey, set[tuple[str, date]]] = {}
    delivered_ms: dict[ChargeKey, int] = {}
    for item in items:
        key = charge_key(item, policies)
        line_grades = grades.setdefault(key, set())
        if isinstance(item, Share):
            line_grades |= {GRADES[source] for source in item.sources}
            delivered_ms[key] = delivered_ms.get(key, 0) + item.gap_ms
        else:
            usage = item.usage
            is_proved = (usage.device, usage.day, usage.holder, usage.source) in agreements
            line_grades.add("A" if is_proved else GRADES[usage.source])
            watched.setdefault(key, set()).add((item.usage.device, item.usage.day))
    return {
        key: Evidence(
            worst(line_grades),
            delivered_ms.get(key, 0) + sum(gaps.get(day, 0) for day in watched.get(key, ())),
        )
        for key, line_grades in grades.items()
    }


def worst(grades: Iterable[Grade]) -> Grade:
    """Return the worst of some grades; A for none."""
    return max(grades, default="A")


def content(contract: int, month: date, lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the content of a statement for its digest, which answers refer to."""
    rows = [
        {k: v if isinstance(v, (int, str, type(None))) else str(v) for k, v in line.items()}
        for line in lines
    ]
    return {"contract": contract, "month": month.isoformat(), "lines": rows}


_TITLES = (
    "行", "种类", "名称", "型号", "切片", "分区", "QOS", "按需/竞价", "政策", "卡时", "设备毫秒",
    "应交付毫秒", "费用(元，不含税)", "证据等级", "空缺毫秒", "中心", "中心理由", "企业",
    "企业理由",
)  # fmt: skip
_KINDS = {
    "metered": "按量", "reserved": "预留设备", "package": "预付包", "fixed": "固定费",
}  # fmt: skip
_MARKETS = {"on-demand": "按需", "spot": "竞价"}
_WORDS = {"confirmed": "确认", "contested": "有出入"}


def as_csv(statement: Statement) -> bytes:
    """Write a statement as CSV: UTF-8 with a BOM, lines end in CRLF."""
    head = [
        ("对账单", statement.number),
        ("合同", statement.contract),
        ("智算中心", statement.centre),
        ("项目", statement.project),
        ("账期", f"{statement.month:%Y-%m}"),
    ]
    foot = [("合计", yuan(statement.total_fen).replace(",", "")), ("摘要", statement.digest)]
    rows = [*head, _TITLES, *(_row(line) for line in statement.lines), *foot]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _row(line: StatementLineView) -> list[str]:
    answers = [_answer_texts(line.centre), _answer_texts(line.builder)]
    promised_text = "" if line.promised_ms is None else str(line.promised_ms)
    return [
        str(line.line), _KINDS[line.kind], line.name, line.model or "", line.mig_profile,
        line.partition or "", line.qos or "", _MARKETS.get(line.market or "", ""), line.policy,
        hours(line.device_ms, 6).replace(",", ""), str(line.device_ms), promised_text,
        yuan(line.cost_fen).replace(",", ""), line.grade, str(line.gap_ms),
        *(cell for answer in answers for cell in answer),
    ]  # fmt: skip


def _answer_texts(answer: LineAnswerView | None) -> tuple[str, str]:
    return ("", "") if answer is None else (_WORDS[answer.answer], answer.reason)
