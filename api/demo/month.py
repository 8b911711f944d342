"""The demo's month: made-up people reconcile, claim and pay what the made-up centre metered.

Everything goes through the API as six people would do it, each with a token of her own, on the
days of a drill (ADR 0007): the centre invoices, in one contract exactly and in the others with the
faults that are seen most; it explains a gap; two clerks reconcile; one claim is paid and another is
before the public.
If this month was played before, nothing happens.
"""

import json
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from api.cli.client import Door
from api.cli.failures import Failure
from api.demo import drill
from api.demo.invoices import Invoice, Item
from api.demo.office import Days, Office, as_part
from api.demo.papers import page
from ledger.metering.codes import IncidentKind
from ledger.units import Fen

CENTRE_OPERATOR = f"{drill.DEMO_CENTRE}运营单位"
INDICATOR = {
    "number": "演练-640100-0001",
    "fen": 300_000_000,
    "project_name": "算力补贴（演练）",
    "fund_kind": "一般公共预算",
    "classification": "2150517",
    "reason": "演练",
}


def play(today: date) -> str:
    """Play the month, unless its indicator shows that it was played.

    Returns why no claim is before the public, where that could not be.
    """
    days = Days.before(today)
    with as_part("finance") as client:
        if client.ask("GET", "indicators"):
            return ""
    office = Office(Door.find(), days)
    office.hire()
    _explain(office)
    statements = _state(office)
    if "helan" not in statements:
        return ""  # the made-up centre is younger than the month
    _invoice(office, statements)
    _reconcile(office, statements["helan"])
    _appropriate(office)
    _account(office)
    whole = _payable(office)
    paid = _claim(office, days.after(5), whole // 2)
    _approve(office, paid, days.after(16))
    _pay(office, days.after(17))
    try:
        _claim(office, today, whole - whole // 2)
    except Failure as failure:  # where the calendar ends
        return str(failure)
    return ""


def _explain(office: Office) -> None:
    """The centre explains with a file what nobody metered of one namespace; the rest stays open."""
    with office.on("centre", office.days.today) as client:
        rows = client.ask("GET", "incidents/unexplained")
        gap = next((row for row in rows if row["kind"] == IncidentKind.GAP), None)
        if gap is None:
            return
        told = ("cluster", "kind", "since", "until", "node", "namespace")
        words = {"explanation": "采集端升级未完成，容器组照常运行；见节点日志（演练）"}
        paper = ("node-log.pdf", page(f"Drill: log of {gap['node']}, {gap['day']}"))
        query = {name: gap[name] for name in told} | words
        client.ask("POST", "incidents", query=query, form={"file": paper})


# --- from the meter to what is payable ------------------------------------------------------


def _state(office: Office) -> dict[str, dict[str, Any]]:
    """State the month; the statements by their projects, confirmed by the centre."""
    day = office.days.after(2)
    with office.on("clerk", day) as client:
        statements = client.ask("POST", "statements", body={"month": office.days.name})
    with office.on("centre", day) as client:
        for statement in statements:
            body = {"answer": "confirmed"}
            client.ask("POST", f"statements/{statement['number']}/answers", body=body)
    return {s["contract"].rpartition("/")[2]: s for s in statements if s["total_fen"]}


def invoices(statements: dict[str, dict[str, Any]], days: Days) -> list[Invoice]:
    """What the centre sends: right for one contract, and wrong in the common ways for others."""
    return [
        invoice for project, statement in statements.items()
        for invoice in _FAULTS.get(project, _right)(project, statement, days)
    ]  # fmt: skip


def _right(project: str, statement: dict[str, Any], days: Days) -> list[Invoice]:
    """To the fen what was metered, with the statement's number."""
    total = statement["total_fen"]
    remark = f"对账单号 {statement['number']}"
    return [_make_invoice(f"{project} 1", days, project, [Item(total)], remark)]


def _too_much(project: str, statement: dict[str, Any], days: Days) -> list[Invoice]:
    """A tenth more than was metered, a dinner among it, and 13 % tax on the rest."""
    total, period = statement["total_fen"], f"服务期间 {days.name}"
    dinner = Item(88_000, "*餐饮服务*餐费")
    return [
        _make_invoice(f"{project} 1", days, project, [Item(total * 7 // 10), dinner], period),
        _make_invoice(
            f"{project} 2", days, project, [Item(total * 4 // 10, rate=Fraction(13, 100))], period
        ),
        _make_invoice(f"{project} 3", days, project, [Item(total // 50)], period),  # to be reversed
    ]


def _too_little(project: str, statement: dict[str, Any], days: Days) -> list[Invoice]:
    """Three quarters of it, a part of that taken back by a red one; and one for another buyer."""
    total, period = statement["total_fen"], f"服务期间 {days.name}"
    first = _make_invoice(f"{project} 1", days, project, [Item(total * 3 // 4)], period)
    second = _make_invoice(
        f"{project} 2", days, "saishang", [Item(total // 8)], f"对账单号 {statement['number']}"
    )
    red = _make_invoice(
        f"{project} 1 red", days, project, [Item(-(total // 10))], period, reverses=first.number
    )
    return [first, second, red]


_FAULTS = {"fenghuang": _too_much, "qin-team": _too_little}


def _make_invoice(
    about: str, days: Days, project: str, items: list[Item], remark: str, *, reverses: str = ""
) -> Invoice:
    owner = drill.demo_owner(project)
    return Invoice(
        f"{days.name} {about}", days.after(3), _party(CENTRE_OPERATOR), _party(owner), items,
        remark, reverses,
    )  # fmt: skip


def _party(name: str) -> tuple[str, str]:
    return drill.made_up_code(name), name


def _invoice(office: Office, statements: dict[str, dict[str, Any]]) -> None:
    """The centre hands in its invoices; a clerk compares them, keys one, matches and freezes."""
    day, batch = office.days.after(4), invoices(statements, office.days)
    with office.on("centre", day) as client:
        for invoice in batch:
            file = (f"{invoice.number}.xml", invoice.xml())
            client.ask("POST", "cost-documents", form={"file": file})
    with office.on("clerk", day) as client:
        documents = client.ask("GET", "cost-documents", query={"state": "to_confirm", "limit": 100})
        answers = [{"decision": row["decision"], "seen": row["digest"]} for row in documents]
        if answers:
            client.ask("POST", "cost-documents/confirmations", body={"documents": answers})
        client.ask("POST", "cost-documents/keyed", form=_keyed(office.days))
        frozen = client.ask("GET", "cost-documents", query={"limit": 100})
        number = next((i.number for i in batch if "fenghuang 3" in i.about), None)
        for document in frozen:
            if document["number"] == number:
                body = {"confirmation": "6426" + "0" * 15 + "1"}
                client.ask("POST", f"cost-documents/{document['id']}/freeze", body=body)
        client.ask("POST", "matching")


def _keyed(days: Days) -> dict[str, Any]:
    """An internal settlement of a university, keyed from its scan; it waits for a second person."""
    seller, buyer = _party(CENTRE_OPERATOR), _party(drill.demo_owner("qin-team"))
    document = {
        "kind": "internal_settlement",
        "number": f"演练校结-{days.name}",
        "issued_on": f"{days.after(3)}",
        "seller_uscc": seller[0],
        "seller_name": seller[1],
        "buyer_uscc": buyer[0],
        "buyer_name": buyer[1],
        "gross": "1250.00",
        "since": f"{days.month}",
        "until": f"{days.after(1) - timedelta(days=1)}",
        "lines": [{"item": "算力服务（校内结算）", "net": "1250.00", "tax": "0.00"}],
    }
    scan = ("校内结算单.pdf", b"%PDF-1.4 " + f"演练 {days.name}".encode())
    return {"file": scan, "document": (None, json.dumps(document, ensure_ascii=False))}


def _reconcile(office: Office, statement: dict[str, Any]) -> None:
    """One clerk proposes the month that is right, another confirms it; the others wait."""
    day = office.days.after(5)
    with office.on("clerk", day) as client:
        months = client.ask("GET", "reconciliations", query={"month": office.days.name})
        key = next(m["id"] for m in months if m["number"] == statement["contract"])
        decision = client.ask("POST", f"reconciliations/{key}/proposal", body={"choices": []})
        for month in months:
            if month["project"] == "fenghuang":
                body = {"code": "R07", "body": "开票金额超过计量约一成，请说明或红冲。"}
                client.ask("POST", f"reconciliations/{month['id']}/messages", body=body)
    office.confirm("second", day, decision["id"])


# --- from what is payable to the bank --------------------------------------------------------


def _appropriate(office: Office) -> None:
    day = office.days.after(5)
    with office.on("finance", day) as client:
        decision = client.ask("POST", "indicators", body={**INDICATOR, "year": day.year})
    office.confirm("approver", day, decision["id"])


def _account(office: Office) -> None:
    day = office.days.after(5)
    account = {
        "holder": drill.demo_owner("helan"),
        "bank": "演练银行银川分行",
        "bank_code": "313871000007",
        "number": "6222000000000001",
        "reason": "演练",
    }
    with office.on("builder", day) as client:
        account_row = client.ask("POST", "bank-accounts", body=account)
    office.confirm("second", day, account_row["decision"])


def _payable(office: Office) -> Fen:
    with office.on("builder", office.days.after(5)) as client:
        payable: Fen = client.ask("GET", "projects/helan/quota")["payable_fen"]
    return payable


def _claim(office: Office, day: date, fen: Fen) -> str:
    """The builder claims, a clerk accepts and publishes; the claim's number."""
    with office.on("builder", day) as client:
        claim = client.ask("POST", "claims", body={"project": "helan", "fen": fen})
        number, documents = str(claim["number"]), claim["documents"]
        for role in ("application", "commitment", "receipt"):
            paper = (f"{role}.pdf", page(f"Drill {number} {role}"))
            query = {"role": role, "proves": documents[0] if role == "receipt" else ""}
            client.ask("POST", f"claims/{number}/files", query=query, form={"file": paper})
        client.ask("POST", f"claims/{number}/actions", body={"action": "submit"})
    with office.on("clerk", day) as client:
        client.ask("POST", f"claims/{number}/actions", body={"action": "accept"})
        body = {"action": "publish", "channel": "0951-0000000（演练）"}
        client.ask("POST", f"claims/{number}/actions", body=body)
    return number


def _approve(office: Office, number: str, day: date) -> None:
    with office.on("clerk", day) as client:
        approval = client.ask("POST", f"claims/{number}/approval", body={})
    office.confirm("approver", day, approval["decision"])


def _pay(office: Office, day: date) -> None:
    """A list, confirmed and sent; the bank's return of the same day."""
    with office.on("finance", day) as client:
        body = {"indicator": INDICATOR["number"], "year": day.year}
        decision = client.ask("POST", "payment-lists", body=body)
    office.confirm("approver", day, decision["id"])
    with office.on("finance", day) as client:
        payment_list = client.ask("GET", f"payment-lists/{decision['subject']}")
        rows = [
            f"演练-{decision['subject']}-{line['line']},{decision['subject']},{line['line']},成功,"
            f"{line['fen'] // 100}.{line['fen'] % 100:02d},{day},"
            for line in payment_list["lines"]
        ]
        text = "\n".join(["流水号,清单号,序号,结果,金额,日期,原因", *rows]).encode()
        client.ask("POST", "bank-returns", form={"file": ("银行回单.csv", text)})
