"""`suanquan claim`: claims from the first draft to the proposal to approve."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.claims.cases.columns import HOLDS
from api.cli.answer import Answer, Block, Column, Listing, Pairs, Table, listing
from api.cli.arguments import content_of, facts_of, fen_of, path, write
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.options import PAYMENT, Code, Limit, Offset, Proof
from api.cli.values import MOMENT, MONEY, NUMBER, PERSON, Format, coded, label_of, money
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.claims.codes import ClaimAction, ClaimState
from ledger.people.codes import Role

app = Commands()
claim = Commands(msgid("兑付申请"))
app.add_typer(claim, name="claim", rich_help_panel=PAYMENT)

ROLES = "application | commitment | receipt | account | contract | result | other"
Number = Annotated[str, typer.Argument(metavar="NUMBER", help=msgid("申请编号"))]
Note = Annotated[str, typer.Option(help=msgid("说明或理由"))]
Why = Annotated[str, typer.Option("--note", help=msgid("理由"))]


def _period(claim: dict[str, Any]) -> str | None:
    since, until = claim["published_on"], claim["published_until"]
    return f"{since} — {until}" if since else None


def _steps(claim: dict[str, Any]) -> str | None:
    """What may be done next: as it is called, and as it is typed."""
    return ", ".join(f"{label_of(ClaimAction, a)}（{a}）" for a in claim["actions"]) or None


def _item(item: str) -> str:
    return _("收款账户") if item == "bank_account" else _role(item)


def _role(role: str) -> str:
    from ledger.policy.codes import FileRole  # noqa: PLC0415 - it loads the policy

    return label_of(FileRole, role)


CLAIMS = (
    Column(msgid("编号"), "number"),
    Column(msgid("项目"), "code"),
    Column(msgid("条款"), "clause"),
    Column(msgid("收款单位"), "payee"),
    Column(msgid("金额"), "fen", MONEY),
    Column(msgid("账期"), lambda c: ", ".join(dict.fromkeys(m["month"] for m in c["months"]))),
    Column(msgid("状态"), "state", coded(ClaimState)),
    Column(msgid("自"), "since", MOMENT),
)
DEDUCTIONS = (
    Column(msgid("编号"), "id", NUMBER),
    Column(msgid("单据号码"), "number"),
    Column(msgid("合同"), "contract"),
    Column(msgid("项目"), "project"),
    Column(msgid("中心"), "centre"),
    Column(msgid("价税合计"), "gross_fen", MONEY),
    Column(msgid("抵扣"), "held_fen", MONEY),
    Column(msgid("现在计入"), "counted_fen", MONEY),
    Column(msgid("企业确认"), "confirmed_at", MOMENT),
)
CLAIM = (
    Column(msgid("编号"), "number"),
    Column(msgid("项目"), lambda c: f"{c['code']} {c['project']}"),
    Column(msgid("条款"), lambda c: f"{c['policy']} {c['clause']}"),
    Column(msgid("收款单位"), lambda c: f"{c['payee']} {c['uscc']}"),
    Column(msgid("金额"), lambda c: f"{money(c['fen'])} {c['words']}"),
    Column(msgid("核定"), "approved_fen", MONEY),
    Column(msgid("状态"), "state", coded(ClaimState)),
    Column(msgid("公示"), _period),
    Column(msgid("待确认的决定"), "decision"),
    Column(msgid("可以做"), _steps),
)
LEFT = (
    Column(msgid("账期"), "month"),
    Column(msgid("合同"), "contract"),
    Column(msgid("金额"), "fen", MONEY),
)
MONTHS = (*LEFT, Column(msgid("核定"), "approved_fen", MONEY))
NEEDS = (
    Column(msgid("提交所需"), lambda item: _item(item["item"])),
    Column(msgid("有没有"), lambda item: _("✓ 已有") if item["is_there"] else _("✗ 还缺")),
    Column(msgid("由谁"), lambda item: None if item["is_there"] else label_of(Role, item["by"])),
)
FILES = (
    Column(msgid("材料"), "role", Format(_role)),
    Column(msgid("证明"), lambda file: file["proves"] or None),
    Column(msgid("文件"), "name"),
    Column(msgid("字节"), "size", NUMBER),
    Column("SHA-256", "hash"),
)
EVENTS = (
    Column(msgid("步骤"), "action", coded(ClaimAction)),
    Column(msgid("状态"), "next", coded(ClaimState)),
    Column(msgid("谁"), "actor", PERSON),
    Column(msgid("何时"), "at", MOMENT),
    Column(msgid("说明"), "note"),
)


@claim.verb("open", msgid("开一件兑付申请"))
def open_claim(
    code: Code,
    *,
    yuan: Annotated[str | None, typer.Option(help=msgid("金额，默认为全部待兑付"))] = None,
    month: Annotated[
        list[str] | None, typer.Option(help=msgid("哪一账期的，可多次；默认从最早的算起"))
    ] = None,
) -> Answer:
    """Open a claim."""
    fen = None if yuan is None else fen_of(yuan)
    body = {"project": code, "fen": fen, "months": month or []}
    return _stands(ask("POST", "claims", body=body))


@claim.verb("months", msgid("各账期还可以申请多少"))
def months(code: Code) -> Listing:
    """List what of each month may still be claimed."""
    rest = ask("GET", path("projects", code, "claimable"))
    return listing(LEFT, rest, empty=msgid("目前没有可以申请的金额"))


@claim.verb("deductions", msgid("列出柜台抵扣"))
def deductions() -> Listing:
    """List what was deducted at the counter."""
    return listing(DEDUCTIONS, ask("GET", "deductions"))


@claim.verb("deduction-confirm", msgid("企业确认柜台抵扣"))
def confirm_deduction(
    deduction: Annotated[int, typer.Argument(metavar="ID", help=msgid("抵扣编号"))],
    *,
    code: Proof = "",
) -> Answer:
    """Confirm a deduction, as the builder."""
    outcome = ask("POST", path("deductions", deduction, "confirm"), body={"code": code})
    line = _("已确认抵扣 {id}：{fen}").format(id=outcome["id"], fen=money(outcome["fen"]))
    return Answer(outcome, [line])


@claim.verb("deduction-consent", msgid("交企业签字的书面同意，由另一人看过确认"))
def consent_to_deduction(
    deduction: Annotated[int, typer.Argument(metavar="ID", help=msgid("抵扣编号"))],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("文件"))],
    *,
    reason: Annotated[str, typer.Option(help=msgid("理由"))] = "",
) -> Answer:
    """Hand in the file in which the builder consents to a deduction."""
    form = {"file": (file.name, content_of(file))}
    address = path("deductions", deduction, "consent")
    return _pending(ask("POST", address, query={"reason": reason}, form=form))


@claim.verb("deduction-fall", msgid("红字之后提出调减抵扣，须另一人确认"))
def lower_deduction(
    deduction: Annotated[int, typer.Argument(metavar="ID", help=msgid("抵扣编号"))],
    *,
    reason: Annotated[str, typer.Option(help=msgid("理由"))],
) -> Answer:
    """Propose that what red documents took back of a deduction falls."""
    return _pending(ask("POST", path("deductions", deduction, "fall"), body={"reason": reason}))


def _pending(decision: dict[str, Any]) -> Answer:
    command = f"suanquan confirm {decision['id']}"
    line = _("{subject}  已提出，待另一人确认：{command}")
    return Answer(decision, [line.format(subject=decision["subject"], command=command)])


@claim.verb("redeem", msgid("核销：中心就抵扣的金额开兑付申请"))
def redeem(
    code: Code,
    *,
    centre: Annotated[str | None, typer.Option(help=msgid("中心，经办须写"))] = None,
    yuan: Annotated[str | None, typer.Option(help=msgid("金额，默认为全部抵扣"))] = None,
) -> Answer:
    """Open a centre's claim of what was deducted there."""
    fen = None if yuan is None else fen_of(yuan)
    claim = ask("POST", "redemptions", body={"project": code, "centre": centre, "fen": fen})
    line = _("申请 {number}：{fen}，付给 {payee}")
    figures = {**claim, "fen": money(claim["fen"])}
    return Answer(claim, [line.format_map(figures)])


@claim.verb("paper", msgid("系统填好的申请表或承诺书，打印、签字、盖章"))
def paper(
    number: Number,
    which: Annotated[str, typer.Argument(metavar="PAPER", help="application | commitment")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("写到 .html"))],
) -> None:
    """Write a paper of a claim to a file."""
    with Client() as client:
        write(file, client.fetch(path("claims", number, "papers", which)))
    print(_("已写到 {file}").format(file=file))


@claim.verb("add", msgid("给草稿加一份材料"))
def add(
    number: Number,
    role: Annotated[str, typer.Argument(metavar="ROLE", help=ROLES)],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("文件"))],
    *,
    proves: Annotated[str, typer.Option(help=msgid("付款凭证付的是哪张发票或结算单：号码"))] = "",
) -> Answer:
    """Put a file to a draft."""
    form = {"file": (file.name, content_of(file))}
    receipt = ask(
        "POST", path("claims", number, "files"), query={"role": role, "proves": proves}, form=form
    )
    return Answer(receipt, [_("已收下，SHA-256 {hash}").format(hash=receipt["hash"])])


@claim.verb("submit", msgid("提交"))
def submit(number: Number, *, note: Note = "") -> Answer:
    """Hand a claim in."""
    return step(number, "submit", note)


@claim.verb("return", msgid("退回补正"))
def send_back(number: Number, *, note: Why) -> Answer:
    """Return a claim for what it lacks."""
    return step(number, "return", note)


@claim.verb("accept", msgid("按政策当日认定，符合才受理"))
def accept(
    number: Number,
    *,
    fact: Annotated[list[str] | None, typer.Option(help=msgid("新的事实 k=v，可多次"))] = None,
    reference: Annotated[str, typer.Option(help=msgid("人才认定文号"))] = "",
    note: Note = "",
) -> Answer:
    """Decide by the policy of the day, and accept."""
    return step(number, "accept", note, facts=facts_of(fact), reference=reference)


@claim.verb("publish", msgid("公示，次日起算工作日"))
def publish(
    number: Number,
    *,
    channel: Annotated[str, typer.Option(help=msgid("提出异议的渠道"))],
    note: Note = "",
) -> Answer:
    """Publish a claim, from tomorrow."""
    return step(number, "publish", note, channel=channel)


@claim.verb("refuse", msgid("决定不予兑付"))
def refuse(number: Number, *, note: Why) -> Answer:
    """Refuse a claim."""
    return step(number, "refuse", note)


@claim.verb("withdraw", msgid("撤回"))
def withdraw(number: Number, *, note: Note = "") -> Answer:
    """Withdraw a claim."""
    return step(number, "withdraw", note)


@claim.verb("approve", msgid("公示期满，提出批准，由审批确认"))
def approve(
    number: Number,
    *,
    yuan: Annotated[
        str | None, typer.Option(help=msgid("核定金额，元；少于申请的须写理由，不写即全部"))
    ] = None,
    note: Note = "",
) -> Answer:
    """Propose to approve a claim, or less of it; an approver confirms."""
    body = {"fen": None if yuan is None else fen_of(yuan), "reason": note}
    return pending_answer(ask("POST", path("claims", number, "approval"), body=body))


@claim.verb("object", msgid("登记异议"))
def object_to(
    number: Number,
    *,
    objector: Annotated[str, typer.Option(help=msgid("谁提出；不写即匿名，只作线索"))] = "",
    contact: Annotated[str, typer.Option(help=msgid("联系方式"))] = "",
    body: Annotated[str, typer.Option(help=msgid("异议内容"))],
) -> Answer:
    """Write down an objection."""
    fields = {"claim": number, "objector": objector, "contact": contact, "body": body}
    objection = ask("POST", "objections", body=fields)
    return Answer(objection, [_("已登记异议 {id}").format(id=objection["id"])])


@claim.verb("resolve", msgid("处理异议"))
def resolve(
    objection: Annotated[int, typer.Argument(metavar="ID", help=msgid("异议编号"))],
    *,
    resolution: Annotated[str, typer.Option(help=msgid("处理意见"))],
    upheld: Annotated[bool, typer.Option("--uphold/--dismiss", help=msgid("成立还是不成立"))],
) -> Answer:
    """Resolve an objection."""
    body = {"upheld": upheld, "resolution": resolution}
    resolved_objection = ask("POST", path("objections", objection, "resolution"), body=body)
    text = _("异议 {id} 成立") if upheld else _("异议 {id} 不成立")
    return Answer(resolved_objection, [text.format(id=objection)])


@claim.verb("show", msgid("一件申请的全部"))
def show(number: Number) -> Answer:
    """Show all about one claim."""
    record = ask("GET", path("claims", number))
    blocks: list[Block] = [
        Pairs(CLAIM, record),
        *([Table(NEEDS, record["checklist"], "")] if record["checklist"] else []),
        Table(MONTHS, record["months"], msgid("没有写明账期")),
        Table(FILES, record["files"], msgid("没有材料")),
        Table(EVENTS, record["events"], msgid("还没有提交")),
        *([Table(HOLDS, record["holds"], "")] if record["holds"] else []),
        *map(_objection, record["objections"]),
    ]
    return Answer(record, blocks)


@claim.verb("ls", msgid("申请一览"))
def ls(
    *,
    state: Annotated[list[str] | None, typer.Option(help=", ".join(ClaimState))] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List claims, newest first."""
    query = {"state": state, "limit": limit, "offset": offset}
    return listing(CLAIMS, ask("GET", "claims", query=query), empty=msgid("没有兑付申请"))


def pending_answer(proposal: dict[str, Any]) -> Answer:
    """Say which decision waits for another person."""
    return Answer(proposal, [_("待另一人确认决定 {number}").format(number=proposal["decision"])])


def step(number: str, action: str, note: str, **more: object) -> Answer:
    """Take a step of a claim, and say where it stands then."""
    body = {"action": action, "note": note, **more}
    return _stands(ask("POST", path("claims", number, "actions"), body=body))


def _stands(record: dict[str, Any]) -> Answer:
    state = label_of(ClaimState, record["state"])
    text = _("申请 {number}，{fen}，现为 {state}")
    text = text.format(number=record["number"], fen=money(record["fen"]), state=state)
    return Answer(record, [text, *_lacks(record)])


def _lacks(record: dict[str, Any]) -> list[str]:
    return [f"  {lack}" for lack in record["lacks"]]


def _objection(objection: dict[str, Any]) -> str:
    objection = {**objection, "objector": objection["objector"] or _("匿名")}
    texts = {
        None: _("异议 {id} {objector}：{body}（未处理）"),
        True: _("异议 {id} {objector}：{body}（成立）"),
        False: _("异议 {id} {objector}：{body}（不成立）"),
    }
    return texts[objection["upheld"]].format_map(objection)
