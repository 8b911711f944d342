"""Documents in a browser: compared several at once, looked up, stated, and their receipts."""

from typing import Any

from httpx2 import Response

from tests.support.api.city import Site
from tests.support.api.html import attributes, parse, visible_text
from tests.support.api.town import NOW
from tests.support.documents import digital
from tests.support.invoices import einvoice_xml
from tests.support.papers.proofs import png, receipt_pdf
from tests.support.vouchers import USCC

HERE = (USCC, "测试单位")
UNVERIFIED = "/documents?state=to_confirm"


def give(site: Site, serial: int, remark: str = "3月") -> str:
    """The centre hands in an invoice; its page."""
    content = einvoice_xml(
        number=digital(serial), seller=HERE, buyer=HERE, issued="2026-04-10 09:30:00", remark=remark
    )
    answer = post(site, "operator", "/documents", {"how": "file"}, ("发票.xml", content))
    return answer.headers["location"]


def post(
    site: Site, reader: str, path: str, data: dict[str, Any], file: tuple[str, bytes] | None = None
) -> Response:
    files = {"file": file} if file else None
    answer: Response = site.client(reader).post(
        path, data=data, files=files, follow_redirects=False
    )
    assert answer.status_code == 303, visible_text(answer.text)
    return answer


def see(site: Site, reader: str, path: str) -> str:
    return visible_text(site.client(reader).get(path).text)


def ticks(site: Site, reader: str) -> list[str]:
    page = site.client(reader).get(UNVERIFIED).text
    return attributes(parse(page), "input[name=seen]", "value")


def test_several_are_compared_at_once_by_another_person(site: Site) -> None:
    already = set(ticks(site, "approver"))
    pages = [give(site, 801), give(site, 802)]
    assert "未查验" in see(site, "operator", pages[0])
    assert ticks(site, "operator") == []  # who brought it does not confirm it
    new_ticks = [tick for tick in ticks(site, "approver") if tick not in already]
    assert len(new_ticks) == 2
    post(site, "approver", "/documents/confirm", {"seen": new_ticks})
    assert all("已核对" in see(site, "clerk", page) for page in pages)
    none = site.client("approver").post("/documents/confirm", data={})
    assert none.status_code == 422
    assert "还没有勾选单据" in none.text


def test_a_look_up_and_a_stated_period(site: Site) -> None:
    page = give(site, 803, remark="")
    assert "服务期 未知" in see(site, "clerk", page)
    values = {"result": "agrees", "looked_up_on": str(NOW.date()), "note": "网上"}
    post(site, "clerk", f"{page}/lookups", values, ("查验.png", png()))
    assert "已查验" in see(site, "clerk", page)
    days = {"since": "2026-03-01", "until": "2026-03-31", "reason": "中心来函"}
    post(site, "clerk", f"{page}/period", days)
    assert "2026-03-01 – 2026-03-31 · 中心来函" in see(site, "clerk", page)


def test_a_receipt_is_entered_and_checked(site: Site) -> None:
    page = give(site, 804)
    values = {
        "reference": "R-1", "payer": "甲", "payee": "乙", "yuan": "4,449.00",
        "paid_on": str(NOW.date()),
    }  # fmt: skip
    post(site, "clerk", f"{page}/receipts", values, ("回单.pdf", receipt_pdf("R-1", 444_900)))
    assert "文件里有金额和流水号" in see(site, "clerk", page)
    again = {**values, "reference": "R-2"}
    post(site, "clerk", f"{page}/receipts", again, ("回单.png", png(410, 300)))
    assert "图片，待另一人看过" in see(site, "clerk", page)
    assert "与录入一致" not in see(site, "clerk", page)
