"""`suanquan audit`: the chain from a payment to the signed bytes of a batch, and back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer, Column, Listing, Pairs, Table, listing
from api.cli.arguments import path, write
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.failures import Failure
from api.cli.options import PAYMENT, Limit, Offset
from api.cli.values import MOMENT, MONEY, NUMBER, PERSON, WORDS, coded
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.claims.codes import ClaimState
from ledger.desk.codes import ReportTable
from ledger.reconciliation.codes import MonthState

app = Commands()
audit = Commands(msgid("追溯：付款、账期、窗口、批次"))
app.add_typer(audit, name="audit", rich_help_panel=PAYMENT)


def _names(row: dict[str, Any]) -> str | None:
    if row["claim"]:
        return f"{row['payment_list']}/{row['line']} {row['claim']}"
    return str(row["decision"]) if row["decision"] else None


def _book(move: dict[str, Any]) -> str:
    return str(move["project"] or move["indicator"] or move["month"])


POSTINGS = (
    Column(msgid("凭证号"), "number", NUMBER),
    Column(msgid("原因"), "cause"),
    Column(msgid("指向"), _names),
    Column(msgid("使用月份"), lambda row: row["used"][:7]),
    Column(msgid("谁"), "actor", PERSON),
    Column(msgid("时刻"), "posted_at", MOMENT),
)
MOVES = (
    Column(msgid("账簿"), _book),
    Column(msgid("种类"), "kind"),
    Column(msgid("从"), "from_role"),
    Column(msgid("到"), "to_role"),
    Column(msgid("金额"), "fen", MONEY),
)
BATCHES = (
    Column(msgid("流"), "stream"),
    Column(msgid("批次"), "number", NUMBER),
    Column(msgid("集群"), "cluster"),
    Column(msgid("节点"), "node"),
    Column(msgid("字节"), "size", NUMBER),
    Column(msgid("收到于"), "received_at", MOMENT),
)
BATCH = (
    *BATCHES,
    Column(msgid("签名"), lambda b: _("✓ 有效") if b["is_signed"] else _("✗ 无效")),
    Column(msgid("与字节不同的窗口"), "altered", NUMBER),
    Column("SHA-256", "sha256"),
    Column(msgid("公钥（Ed25519）"), "public_key"),
    Column(msgid("用量"), lambda b: ", ".join(f"{u['project']} {u['day']}" for u in b["uses"])),
    Column(msgid("账期"), lambda b: ", ".join(m["key"] for m in b["months"])),
)
MONTH = (
    Column(msgid("合同"), "contract"),
    Column(msgid("项目"), "project"),
    Column(msgid("账期"), "month"),
    Column(msgid("有用量的日子"), lambda m: ", ".join(m["days"])),
    Column(msgid("对账单"), lambda m: ", ".join(m["statements"])),
)
LINES = (
    Column(msgid("单据号码"), "number"),
    Column(msgid("行"), "line", NUMBER),
    Column(msgid("金额"), "fen", MONEY),
)
CLAIMS = (
    Column(msgid("申请编号"), "claim"),
    Column(msgid("其中这一账期"), "due_fen", MONEY),
    Column(
        msgid("清单"), lambda c: f"{c['payment_list']}/{c['line']}" if c["payment_list"] else None
    ),
    Column(msgid("已支付"), "paid_fen", MONEY),
    Column(msgid("凭证号"), lambda c: ", ".join(map(str, c["postings"]))),
)
REPORT = (
    Column(msgid("合同"), "contract"),
    Column(msgid("项目编号"), "project"),
    Column(msgid("状态"), "state", coded(MonthState)),
    Column(msgid("计量金额"), "metered_fen", MONEY),
    Column(msgid("已开票"), "invoiced_fen", MONEY),
    Column(msgid("核定"), "matched_fen", MONEY),
    Column(msgid("待调减"), "fall_fen", MONEY),
    Column(msgid("补贴"), "subsidy_fen", MONEY),
    Column(msgid("已申请"), "claimed_fen", MONEY),
    Column(msgid("已支付"), "paid_fen", MONEY),
)
REPORT_CLAIMS = (
    Column(msgid("合同"), "contract_number"),
    Column(msgid("申请编号"), "claim"),
    Column(msgid("状态"), "state", coded(ClaimState)),
    Column(msgid("应付"), "due_fen", MONEY),
    Column(msgid("已支付"), "paid_fen", MONEY),
    Column(msgid("清单 / 行"), "lines", WORDS),
    Column(msgid("指标"), "indicators", WORDS),
    Column(msgid("银行流水号"), lambda c: " ".join(row["reference"] for row in c["bank_rows"])),
)
Project = Annotated[str | None, typer.Option(help=msgid("项目编号"))]
Stream = Annotated[str, typer.Argument(metavar="STREAM", help=msgid("流"))]
Number = Annotated[int, typer.Argument(metavar="N", help=msgid("批次"))]


@audit.verb("postings", msgid("每一笔过账和它的原因"))
def postings(
    *,
    cause: Annotated[str | None, typer.Option(help=msgid("原因的开头"))] = None,
    project: Project = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List postings."""
    query = {"cause": cause, "project": project, "limit": limit, "offset": offset}
    return listing(POSTINGS, ask("GET", "postings", query=query), empty=msgid("没有过账"))


@audit.verb("posting", msgid("一笔过账：从哪里到哪里"))
def posting(number: Annotated[int, typer.Argument(metavar="N", help=msgid("凭证号"))]) -> Answer:
    """Show a posting."""
    row = ask("GET", path("postings", number))
    return Answer(row, [Pairs(POSTINGS, row), Table(MOVES, row["movements"], "")])


@audit.verb("movements", msgid("钱的每一次移动"))
def movements(
    *,
    kind: Annotated[str | None, typer.Option(help="accrue, match, list, pay, …")] = None,
    project: Project = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List movements."""
    query = {"kind": kind, "project": project, "limit": limit, "offset": offset}
    rows = ask("GET", "movements", query=query)
    return listing((*POSTINGS[:3], *MOVES), rows, empty=msgid("没有过账"))


@audit.verb("batches", msgid("收到的批次"))
def batches(
    *,
    stream: Annotated[str | None, typer.Option(help=msgid("流"))] = None,
    cluster: Annotated[str | None, typer.Option(help=msgid("集群"))] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List batches."""
    query = {"stream": stream, "cluster": cluster, "limit": limit, "offset": offset}
    return listing(BATCHES, ask("GET", "batches", query=query), empty=msgid("没有批次"))


@audit.verb("batch", msgid("一个批次：重新验签，存下原始字节"))
def batch(
    stream: Stream,
    number: Number,
    *,
    out: Annotated[Path | None, typer.Option(help=msgid("把原始字节存到这里"))] = None,
) -> Answer:
    """Check a batch anew."""
    row = ask("GET", path("batches", stream, number))
    if out is not None:
        with Client() as client:
            write(out, client.fetch(path("batches", stream, number, "bytes")))
    return Answer(row, [Pairs(BATCH, row)])


@audit.verb("month", msgid("一个账期：用量、单据、对账单、申请、付款"))
def month(key: Annotated[str, typer.Argument(metavar="KEY", help="12-2026-03")]) -> Answer:
    """Show what a month is linked to."""
    row = ask("GET", path("reconciliations", key, "chain"))
    return Answer(
        row,
        [
            Pairs(MONTH, row),
            Table(LINES, row["lines"], msgid("没有单据行")),
            Table(CLAIMS, row["claims"], msgid("没有兑付申请")),
        ],
    )


@audit.verb("report", msgid("月报：全部合同的一个账期，交财务、审计"))
def report(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="2026-03")],
    *,
    out: Annotated[
        Path | None, typer.Option(help=msgid("写到 .xlsx（全部各表），或 .csv（一张表）"))
    ] = None,
    table: Annotated[
        ReportTable, typer.Option(help=msgid("写成 CSV 的是哪一张表"))
    ] = ReportTable.CONTRACTS,
) -> Listing:
    """Show a month of all contracts, or write it to a file too."""
    whole = ask("GET", path("months", month))
    if out is not None:
        with Client() as client:
            write(out, client.fetch(_report_file(month, out, table)))
    return Listing(
        whole,
        [
            Table(REPORT, whole["contracts"], msgid("这个月没有用量，也没有发票")),
            Table(REPORT_CLAIMS, whole["claims"], msgid("没有兑付申请")),
        ],
    )


def _report_file(month: str, out: Path, table: ReportTable) -> str:
    """The address of the file that is asked for by the end of its name."""
    match out.suffix.lower():
        case ".xlsx":
            return path("months", f"{month}.xlsx")
        case ".csv":
            return path("months", month, f"{table}.csv")
    raise Failure(_("文件名须以 .csv 或 .xlsx 结尾"))
