"""The books as tables whose fields are called as GB/T 24589.1 calls them, as CSV and as XML.

These names are the law's own, so they are Chinese whatever the reader's language. What is not
claimed stands in 说明.txt of each file.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

from sqlmodel import Session

from api.desk.chain.view import kinds, roles
from ledger.formats.spreadsheets.export import Rows, csv_file
from ledger.people.steps.decisions import person
from ledger.seals.queries.audit_books import (
    account_roles,
    parties,
    turnovers,
    voucher_lines,
)
from ledger.units import Fen, beijing_day, next_month

LEDGERS = {"rights": "权益", "budget": "指标", "cost": "成本", "year": "年度"}
ABOUT = """\
本文件按 GB/T 24589.1《财经信息技术 会计核算软件数据接口 第1部分：企业》
公共档案类、总账类的名称给各表各字段起名（UTF-8，金额为元，借方、贷方分列）。
没有声称：通过该标准的符合性检测；2024 年版的全部元素；报表、固定资产、工资、往来与
现金流量各类；《政府会计制度》的一级科目编号。
科目是算券的账户：分类账.角色；辅助项是账本的主人（项目、指标、合同的账期）。
借方是流入这个账户的，贷方是流出的，每张凭证借贷相等。凭证号连续，没有缺号；过账后不改不删，更正另记凭证。
"""
_HEADS: Mapping[str, Sequence[str]] = {
    "电子账簿": (
        "电子账簿编号", "电子账簿名称", "会计核算单位", "开发单位", "版本号", "本位币",
        "标准版本号",
    ),
    "会计期间": ("会计年度", "会计期间号", "会计期间起始日期", "会计期间结束日期"),
    "会计科目": ("科目编号", "科目名称", "科目级次", "科目类型"),
    "供应商档案": ("供应商编码", "供应商名称"),
    "客户档案": ("客户编码", "客户名称"),
    "科目余额及发生额": (
        "会计年度", "会计期间号", "科目编号", "辅助项名称", "期初余额方向", "期初本币余额",
        "借方本币发生额", "贷方本币发生额", "期末余额方向", "期末本币余额", "币种编码",
    ),
    "记账凭证": (
        "记账凭证日期", "会计年度", "会计期间号", "记账凭证编号", "记账凭证行号", "记账凭证摘要",
        "科目编号", "辅助项名称", "币种编码", "借方本币金额", "贷方本币金额", "制单人", "记账标志",
        "作废标志", "来源",
    ),
}  # fmt: skip


def books_file(db: Session, since: date, until: date, program: str) -> bytes:
    """Return a ZIP file of the books: each table as CSV, all of them as XML, and what it is not.

    `since` and `until` are the first days of the first month and of that after the last.
    """
    tables = {name: [*rows] for name, rows in _tables(db, since, until, program)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("说明.txt", ABOUT)
        for name, rows in tables.items():
            archive.writestr(f"{name}.csv", csv_file([_HEADS[name], *rows]))
        archive.writestr("会计核算数据.xml", "".join(_xml(tables)))
    return out.getvalue()


def _tables(db: Session, since: date, until: date, program: str) -> Iterator[tuple[str, Rows]]:
    yield "电子账簿", [["1", "算力券", "", "suanquan", program, "CNY", "GB/T 24589.1"]]
    yield "会计期间", list(_periods(since, until))
    words = roles()
    accounts = account_roles(db)
    yield (
        "会计科目",
        [
            [f"{ledger}.{role}", words.get(role, role), "2", LEDGERS[ledger]]
            for ledger, role in accounts
        ],
    )
    organisations = parties(db)
    yield "供应商档案", [[party.uscc, party.name] for party in organisations if party.supplies]
    yield "客户档案", [[party.uscc, party.name] for party in organisations if not party.supplies]
    yield "科目余额及发生额", [
        [
            str(each.month.year), str(each.month.month), f"{each.ledger}.{each.role}", each.owner,
            *_balance(each.before), _yuan(each.debit), _yuan(each.credit), *_balance(each.after),
            "CNY",
        ]
        for each in turnovers(db, since, until)
    ]  # fmt: skip
    yield "记账凭证", list(_vouchers(db, since, until))


def _periods(since: date, until: date) -> Iterator[Sequence[str]]:
    month = since
    while month < until:
        last_day = date.fromordinal(next_month(month).toordinal() - 1)
        yield [str(month.year), str(month.month), month.isoformat(), last_day.isoformat()]
        month = next_month(month)


def _vouchers(db: Session, since: date, until: date) -> Iterator[Sequence[str | Decimal]]:
    """Two lines of each movement: what is debited, then what is credited."""
    words, number, place = kinds(), 0, 0
    for line in voucher_lines(db, since, until):
        place = place if line.number == number else 0
        number = line.number
        for role, debit, credit in (
            (line.to_role, line.amount, 0), (line.from_role, 0, line.amount),
        ):  # fmt: skip
            place += 1
            yield [
                beijing_day(line.posted_at).isoformat(), str(line.booked.year),
                str(line.booked.month), str(number), str(place), words.get(line.kind, line.kind),
                f"{line.ledger}.{role}", line.owner, "CNY", _yuan(debit), _yuan(credit),
                person(line.actor), "1", "0", line.cause,
            ]  # fmt: skip


def _balance(fen: Fen) -> tuple[str, Decimal]:
    """The side on which a balance stands, and how much it is."""
    return ("平" if not fen else "借" if fen > 0 else "贷"), _yuan(abs(fen))


def _yuan(fen: Fen) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _xml(tables: Mapping[str, Rows]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<会计核算数据>\n'
    for name, rows in tables.items():
        for row in rows:
            fields = zip(_HEADS[name], row, strict=True)
            values = "".join(f"<{head}>{escape(str(value))}</{head}>" for head, value in fields)
            yield f"<{name}>{values}</{name}>\n"
    yield "</会计核算数据>\n"
