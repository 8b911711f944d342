"""`suanquan quota`, `accrue`, `voucher`: what is left of a voucher, and what changes it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Heading, Listing, Table, listing, record
from api.cli.arguments import content_of, facts_of, fen_of, path, write
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.options import SUBSIDY, Code, Reason, Yuan
from api.cli.values import MOMENT, MONEY, MONTH, NUMBER, coded, money
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.registry.codes import ProjectKind
from ledger.vouchers.codes import VersionState

PolicyVersion = Annotated[str, typer.Argument(metavar="VERSION", help=msgid("政策版本"))]

app = Commands()
voucher = Commands(msgid("算力券"))
app.add_typer(voucher, name="voucher", rich_help_panel=SUBSIDY)

YEARS = (
    Column(msgid("年度"), "year", NUMBER),
    Column(msgid("年度上限"), "cap_fen", MONEY),
    Column(msgid("已用"), "earned_fen", MONEY),
    Column(msgid("预计"), "provisional_fen", MONEY),
    Column(msgid("超出年度上限"), "over_cap_fen", MONEY),
    Column(msgid("年度资金池"), lambda y: y["pool"] and y["pool"]["number"]),
    Column(msgid("超出资金池"), "over_pool_fen", MONEY),
    Column(msgid("其中排队等待"), "waiting_fen", MONEY),
    Column(msgid("超出终身上限"), "over_life_fen", MONEY),
)
EXCLUDED = (
    Column(msgid("不予补贴的账期"), "month", MONTH),
    Column(msgid("合同"), "contract"),
    Column(msgid("决定"), "decision", NUMBER),
    Column(msgid("理由"), "reason"),
)
POOLS = (
    Column(msgid("年度"), "year", NUMBER),
    Column(msgid("编号"), "number"),
    Column(msgid("条款"), lambda p: "、".join(p["clauses"])),
    Column(msgid("金额"), "cap_fen", MONEY),
    Column(msgid("已认定"), "drawn_fen", MONEY),
    Column(msgid("余额"), "free_fen", MONEY),
    Column(msgid("排队等待"), "waiting_fen", MONEY),
)
WAITS = (
    Column(msgid("编号"), "number", NUMBER),
    Column(msgid("项目"), lambda w: f"{w['project']} {w['name']}"),
    Column(msgid("认定于（北京时间）"), "since", MOMENT),
    Column(msgid("等待"), "fen", MONEY),
)
QUOTA = (
    Column(msgid("项目"), lambda q: f"{q['code']} {q['name']}"),
    Column(msgid("条款"), lambda q: f"{q['policy']} {q['clause']}"),
    Column(msgid("比例"), lambda q: q["rate"]),
    Column(msgid("上限"), "cap_fen", MONEY),
    Column(msgid("预计（已计提）"), "provisional_fen", MONEY),
    Column(msgid("待兑付"), "payable_fen", MONEY),
    Column(msgid("已兑付"), "paid_fen", MONEY),
    Column(msgid("应追缴"), lambda q: q["rights"]["recoverable"], MONEY),
    Column(msgid("剩余"), "left_fen", MONEY),
    Column(msgid("超出上限"), "cut_fen", MONEY),
    Column(msgid("按目前用量用完于"), "runs_out"),
    Column(msgid("计提于（北京时间）"), "computed_at", MOMENT),
)
ACCRUED = (
    Column(msgid("变动的费用"), "charges_changed"),
    Column(msgid("无价格的用量"), "unpriced"),
    Column(msgid("算力券"), "vouchers"),
    Column(msgid("其中有变动"), "moved"),
)
VERSIONS = (
    Column(msgid("政策版本"), "policy"),
    Column(msgid("条款"), lambda v: " ".join(v["clauses"])),
    Column(msgid("施行日期"), "since"),
    Column(msgid("终止日"), "until"),
    Column(msgid("状态"), "state", coded(VersionState)),
)
RESERVATIONS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("金额"), "fen", MONEY),
    Column(msgid("未用"), "left_fen", MONEY),
    Column(msgid("至"), "until"),
    Column(msgid("用途"), "plan"),
)


PROJECTS = (
    Column(msgid("项目编号"), "code"),
    Column(msgid("项目名称"), "name"),
    Column(msgid("类别"), "kind", coded(ProjectKind)),
    Column(msgid("单位"), "organisation"),
    Column(msgid("条款"), "clause"),
)
PROPOSALS = (
    Column(msgid("项目"), "project"),
    Column(msgid("政策版本"), "policy"),
    Column(msgid("条款"), "clause"),
    Column(msgid("上限"), "cap_fen", MONEY),
    Column(msgid("决定"), "decision", NUMBER),
)
TextPart = Annotated[str, typer.Option(help=msgid("名称或编号里的文字"))]
Kind = Annotated[ProjectKind | None, typer.Option(help=msgid("model 或 team"))]


@app.verb("quota", msgid("一个项目的额度"), panel=SUBSIDY)
def quota(code: Code) -> Answer:
    """Show what is left of a project's voucher."""
    quota_row = ask("GET", path("projects", code, "quota"))
    tables = ((YEARS, quota_row["years"]), (EXCLUDED, quota_row["excluded_months"]))
    return record(QUOTA, quota_row, *(Table(columns, rows) for columns, rows in tables if rows))


@app.verb("accrue", msgid("计费并计提"), panel=SUBSIDY)
def accrue() -> Answer:
    """Price the usage and accrue every voucher."""
    return record(ACCRUED, ask("POST", "accruals"))


@voucher.verb("ls", msgid("各项目，及其按哪一条开券"))
def ls(*, text: TextPart = "", kind: Kind = None) -> Listing:
    """List the projects that are found."""
    rows = ask("GET", "projects", query=_narrowed(text, kind))
    return listing(PROJECTS, rows, empty=msgid("没有这样的项目。"))


@voucher.verb("workbook", msgid("把查到的算力券写成工作簿（XLSX）"))
def workbook(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("写到哪个文件"))],
    *,
    text: TextPart = "",
    kind: Kind = None,
) -> None:
    """Write the vouchers that are found as a workbook, to which rows may be added."""
    with Client() as client:
        write(file, client.fetch("vouchers.xlsx", query=_narrowed(text, kind)))


@voucher.verb("import", msgid("按工作簿逐行认定资格，提出开券，各由另一人确认；全部或全不"))
def propose(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("工作簿，列如 workbook 所写"))],
) -> Answer:
    """Propose the vouchers of a workbook, all of them or none."""
    form = {"file": (file.name, content_of(file))}
    outcome = ask("POST", "vouchers", form=form)
    text = _("提出 {proposed} 张，待另一人确认；原已开券、没有改动的 {unchanged} 行")
    counts = {"proposed": len(outcome["proposals"]), "unchanged": outcome["unchanged"]}
    return Answer(outcome, [text.format(**counts), Table(PROPOSALS, outcome["proposals"])])


def _narrowed(text: str, kind: ProjectKind | None) -> dict[str, str | None]:
    return {"text": text or None, "kind": kind}


@voucher.verb("open", msgid("按条款认定资格，提出开券，须另一人确认"))
def open_voucher(
    code: Code,
    *,
    clause: Annotated[str, typer.Option(help=msgid("条款，如 09-1"))],
    policy: Annotated[str, typer.Option(help=msgid("政策版本"))],
    fact: Annotated[list[str] | None, typer.Option(help=msgid("事实 k=v，可多次"))] = None,
    yuan: Annotated[str | None, typer.Option(help=msgid("面额，元；不写即条款的上限"))] = None,
    since: Annotated[str | None, typer.Option("--from", help=msgid("有效期起"))] = None,
    until: Annotated[str | None, typer.Option(help=msgid("有效期止（不含此日）"))] = None,
) -> Answer:
    """Decide eligibility and propose a voucher; opened before, it is the same one."""
    body = {
        "clause": clause,
        "policy": policy,
        "facts": facts_of(fact),
        "face_fen": fen_of(yuan) if yuan else None,
        "valid_from": since,
        "valid_until": until,
    }
    voucher_row = ask("POST", path("projects", code, "voucher"), body=body)
    text = (
        _("{code} 原已按 {policy} 第 {clause} 条开券，上限 {cap}，没有改动")
        if voucher_row["decision"] is None
        else _(
            "提议 {code} 按 {policy} 第 {clause} 条开券，上限 {cap}；待另一人确认："
            "suanquan confirm {decision}"
        )
    )
    terms = {key: voucher_row[key] for key in ("policy", "clause", "decision")}
    lines = [text.format(code=code, cap=money(voucher_row["cap_fen"]), **terms)]
    why = {key: voucher_row[key] for key in ("rate", "rate_words")}
    return Answer(voucher_row, [*lines, _("比例 {rate}：{rate_words}").format(**why)])


@voucher.verb("cap", msgid("调整上限，须另一人确认"))
def cap(code: Code, *, yuan: Yuan, reason: Reason) -> Answer:
    """Propose another cap."""
    return _propose(code, "cap", {"cap_fen": fen_of(yuan), "reason": reason})


@voucher.verb("year-cap", msgid("定每年的上限，须另一人确认"))
def year_cap(
    code: Code,
    *,
    since: Annotated[int, typer.Option("--from", help=msgid("自此年度起，如 2026"))],
    yuan: Annotated[str | None, typer.Option(help=msgid("每年至多，元；不写则不限"))] = None,
    reason: Reason,
) -> Answer:
    """Propose what the voucher may earn of each calendar year from one on."""
    cap_fen = fen_of(yuan) if yuan else None
    return _propose(code, "year-cap", {"since": since, "cap_fen": cap_fen, "reason": reason})


@voucher.verb("pool", msgid("设立或调整年度资金池，须另一人确认"))
def pool(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help=msgid("资金池编号"))],
    *,
    year: Annotated[int, typer.Option(help=msgid("年度，如 2026"))],
    yuan: Yuan,
    reason: Reason,
    clause: Annotated[
        list[str] | None, typer.Option(help=msgid("条款，可多次；调整时不写"))
    ] = None,
) -> Answer:
    """Propose a yearly pool that the vouchers of some clauses share, or another sum for one."""
    body = {
        "year": year,
        "number": number,
        "clauses": clause or [],
        "cap_fen": fen_of(yuan),
        "reason": reason,
    }
    return _waits(ask("POST", "pools", body=body))


@voucher.verb("pools", msgid("年度资金池和排队的项目"))
def pools() -> Listing:
    """List the yearly pools, and who waits for them."""
    rows = ask("GET", "pools")
    waits = [
        block
        for row in rows
        if row["waits"]
        for block in (Heading(f"{row['year']} {row['number']}"), Table(WAITS, row["waits"]))
    ]
    return listing(POOLS, rows, *waits, empty=msgid("没有年度资金池"))


@voucher.verb("lapse", msgid("剩余额度失效，须另一人确认"))
def lapse(code: Code, *, reason: Reason) -> Answer:
    """Propose that the rest lapses."""
    return _propose(code, "lapse", {"reason": reason})


@voucher.verb("valid", msgid("改有效期，须另一人确认"))
def valid(
    code: Code,
    *,
    since: Annotated[str | None, typer.Option("--from", help=msgid("自此日起，不写则不限"))] = None,
    until: Annotated[
        str | None, typer.Option("--until", help=msgid("至此日前止，不含此日，不写则不限"))
    ] = None,
    reason: Reason,
) -> Answer:
    """Propose on which days the voucher is valid."""
    return _propose(code, "validity", {"valid_from": since, "valid_until": until, "reason": reason})


@voucher.verb("versions", msgid("已知的政策版本，是否已定为可付"))
def versions() -> Listing:
    """List the policy versions that promise vouchers."""
    return listing(VERSIONS, ask("GET", "policies"), empty=msgid("没有政策版本"))


@voucher.verb("make-payable", msgid("把政策版本定为可付，须另一人确认"))
def make_payable(version: PolicyVersion, *, reason: Reason) -> Answer:
    """Propose that a policy version becomes payable."""
    return _waits(ask("POST", path("policies", version, "payable"), body={"reason": reason}))


@voucher.verb("end-version", msgid("给政策版本定终止日，须另一人确认"))
def end_version(
    version: PolicyVersion,
    *,
    until: Annotated[str, typer.Option(help=msgid("自此日起不再执行"))],
    reason: Reason,
) -> Answer:
    """Propose from which day on a policy version is no longer in force."""
    body = {"until": until, "reason": reason}
    return _waits(ask("POST", path("policies", version, "end"), body=body))


@voucher.verb("rate", msgid("事实变了：按条款另定比例，须另一人确认"))
def rate(
    code: Code,
    *,
    policy: Annotated[str, typer.Option(help=msgid("政策版本"))],
    since: Annotated[str, typer.Option("--from", help=msgid("自此日起"))],
    reason: Reason,
    fact: Annotated[list[str] | None, typer.Option(help=msgid("事实 k=v，可多次"))] = None,
) -> Answer:
    """Decide the rate again on other facts, and propose it from a day on."""
    body = {"policy": policy, "since": since, "facts": facts_of(fact), "reason": reason}
    return _propose(code, "rate", body)


@voucher.verb("reserve", msgid("预留一部分额度"))
def reserve(
    code: Code,
    *,
    yuan: Yuan,
    plan: Annotated[str, typer.Option(help=msgid("用途"))],
    until: Annotated[str, typer.Option(help=msgid("至此日止，如 2026-12-31"))],
) -> Answer:
    """Reserve a part of the voucher."""
    body = {"fen": fen_of(yuan), "plan": plan, "until": until}
    reservation = ask("POST", path("projects", code, "reservations"), body=body)
    text = _("预留 {id}：{fen}，至 {until} 止")
    fen, until = money(reservation["fen"]), reservation["until"]
    return Answer(reservation, [text.format(id=reservation["id"], fen=fen, until=until)])


@voucher.verb("reservations", msgid("现有的预留"))
def reservations(code: Code) -> Listing:
    """List the reservations that stand."""
    return listing(
        RESERVATIONS, ask("GET", path("projects", code, "reservations")), empty=msgid("没有预留")
    )


@voucher.verb("release", msgid("解除预留，未用部分退回可用"))
def release(
    code: Code,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help=msgid("预留编号"))],
) -> Answer:
    """Release a reservation."""
    outcome = ask("DELETE", path("projects", code, "reservations", number))
    fen = money(outcome["released_fen"])
    return Answer(outcome, [_("退回可用 {fen}").format(fen=fen)])


def _propose(code: str, act: str, body: dict[str, Any]) -> Answer:
    return _waits(ask("POST", path("projects", code, act), body=body))


def _waits(decision: dict[str, Any]) -> Answer:
    command = f"suanquan confirm {decision['id']}"
    return Answer(decision, [_("待另一人确认：{command}").format(command=command)])
