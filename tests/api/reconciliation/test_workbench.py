"""The clerk's workbench: the list and its files, unclear red documents, moves, what is next.

The town metered 100 GPU-minutes at one yuan; the centre's invoice says 130 yuan.
"""

import csv
import io
from urllib.parse import urlsplit

from fastapi.testclient import TestClient
from openpyxl import load_workbook

from tests.support.api.bureau import Bureau
from tests.support.api.html import attribute, attributes, one, parse
from tests.support.documents import digital
from tests.support.reconciliation import bill, bill_red

PAGE = "/reconcile/1/2026-03"


def led_to(clerk: TestClient, path: str, **fields: str) -> str:
    """Where a form leads that must be taken."""
    answer = clerk.post(path, data=fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def confirmed(bureau: Bureau, decision: str) -> str:
    """Where the approver comes to who confirms a decision on its page."""
    approver = bureau.browser("approver")
    (digest,) = set(attributes(parse(approver.get(decision).text), "input[name=seen]", "value"))
    return led_to(approver, decision, answer="confirmed", seen=digest)


def test_the_files_hold_what_the_list_shows(bureau: Bureau) -> None:
    clerk = bureau.browser("clerk")
    page = parse(clerk.get("/reconcile?show=all&contract=k1&sort=-invoiced").text)
    links = {link.text(): attribute(link, "href") for link in page.css("a[download]")}
    content = clerk.get(links["CSV"]).content.decode("utf-8-sig")
    (row,) = list(csv.reader(io.StringIO(content)))[1:]
    assert row[:2] == ["k1", "2026-03"]
    assert row[6:10] == ["100.00", "130.00", "0.00", "30.00"]  # nothing is decided yet
    sheet = load_workbook(io.BytesIO(clerk.get(links["XLSX"]).content)).active
    assert sheet is not None
    assert [cell.value for cell in list(sheet.iter_rows())[1]][6:8] == [100, 130]
    empty = clerk.get("/reconcile?show=all&contract=k2")
    assert "没有这样的月份" in empty.text
    assert clerk.get("/reconcile?sort=id").status_code == 422
    in_english = (
        bureau.browser("other").get("/api/v1/reconciliations.csv").content.decode("utf-8-sig")
    )
    assert len(list(csv.reader(io.StringIO(in_english)))) == 1  # another centre's list is empty


def test_a_heading_sorts_and_once_more_the_other_way(bureau: Bureau) -> None:
    clerk = bureau.browser("clerk")
    for order in ("-invoiced", "invoiced"):
        page = parse(
            clerk.get("/reconcile?sort=" + ("open" if order == "-invoiced" else "-invoiced")).text
        )
        links = [url for url in attributes(page, "th a", "href") if f"sort={order}&" in f"{url}&"]
        assert len(links) == 1
        head = one(parse(clerk.get(links[0]).text), "th[aria-sort]")
        assert attribute(head, "aria-sort") == (
            "descending" if order == "-invoiced" else "ascending"
        )


def test_an_unclear_red_one_is_said_on_its_page_and_confirmed(bureau: Bureau) -> None:
    blue = bill(2, 3_000, 2_000)
    bureau.desk.take(blue, bill_red(3, blue, -1_000))
    clerk = bureau.browser("clerk")
    assert "不明确的红字" in clerk.get("/desk").text
    assert "不明确的红字 1" in clerk.get("/reconcile").text
    page = clerk.get("/reconcile/reds").text
    assert digital(3) in page
    assert "¥30.00" in page
    assert "¥20.00" in page
    form = attribute(one(parse(page), "main form[action^='/reconcile/reds/']"), "action")
    parts = {"fen of line 1": "6.00", "fen of line 2": "4.00"}
    no_reason = clerk.post(form, data=parts)
    assert no_reason.status_code == 422
    too_little = clerk.post(form, data={"fen of line 1": "6.00", "reason": "中心来函"})
    assert too_little.status_code == 422
    assert led_to(clerk, form, **parts, reason="中心来函") == "/reconcile/reds?act=red"
    page = clerk.get("/reconcile/reds?act=red").text
    assert "已提出红字发票冲回哪几行" in page
    decision = attribute(one(parse(page), "a[href^='/decisions/']"), "href")
    assert confirmed(bureau, decision).endswith("?act=confirmed-next")
    assert "没有不明确的红字发票" in clerk.get("/reconcile/reds").text
    reds = clerk.get("/api/v1/red-documents").json()
    assert reds == []


def test_a_share_is_moved_by_command(bureau: Bureau) -> None:
    move = ("reconcile", "move", "1", "1", "--from", "k1:2026-03")
    assert "two persons" in bureau.says("clerk", *move, "--to", "k1:2026-02", "--yuan", "30.00")
    months = bureau.says("clerk", "reconcile", "ls", "--sort", "-invoiced")
    assert months.index("2026-03") < months.index("2026-02")
    assert "¥30.00" in bureau.says("clerk", "reconcile", "ls", "--month", "2026-02")
    too_much = bureau.refused("clerk", *move, "--to", "k1:2026-02", "--yuan", "100.01")
    assert "1" in too_much
    unknown = bureau.refused("clerk", *move, "--to", "k9:2026-02", "--yuan", "1.00")
    assert "k9" in unknown
    bureau.says("clerk", "reconcile", "move", "1", "1", "--from", "k1:2026-02", "--yuan", "30")
    assert "2026-02" not in bureau.says("clerk", "reconcile", "ls")


def test_a_share_is_moved_to_another_month_on_the_page(bureau: Bureau) -> None:
    clerk = bureau.browser("clerk")
    page = parse(clerk.get(PAGE).text)
    share = attribute(one(page, "select[name=share] option"), "value")
    targets = attributes(page, "select[name=target] option", "value")
    assert "k1/2026-04/compute" in targets
    assert "k1/2026-01/compute" in targets
    fields = {"share": share, "target": "k1/2026-04/compute", "yuan": "30"}
    assert led_to(clerk, f"{PAGE}/move", **fields) == f"{PAGE}?act=moved#documents"
    assert "已改分配。" in clerk.get(f"{PAGE}?act=moved").text
    assert "¥30.00" in bureau.says("clerk", "reconcile", "ls", "--month", "2026-04")


def test_an_act_leads_on_to_the_next_month(bureau: Bureau) -> None:
    clerk = bureau.browser("clerk")
    move = ("reconcile", "move", "1", "1", "--from", "k1:2026-03", "--to", "k1:2026-02")
    bureau.says("clerk", *move, "--yuan", "30.00")
    assert led_to(clerk, PAGE, reason="核对无误") == "/reconcile/1/2026-02?act=proposed-next"
    page = clerk.get("/reconcile/1/2026-02?act=proposed-next").text
    assert "刚才的对账结论已提出" in page
    decision = attribute(one(parse(clerk.get(PAGE).text), "a[href^='/decisions/']"), "href")
    onward = confirmed(bureau, decision)
    assert urlsplit(onward).path == "/reconcile/1/2026-02"
    assert "刚才的决定已确认" in bureau.browser("approver").get(onward).text


def test_what_a_choice_would_mean_is_told_and_nothing_is_written(bureau: Bureau) -> None:
    bureau.desk.take(bill(2, 2_000))
    move = ("reconcile", "move", "1", "1", "--from", "k1:2026-03", "--yuan", "60.00")
    bureau.says("clerk", *move)  # 70 are left of it, and 20 of the other one
    clerk = bureau.browser("clerk")
    url = "/api/v1/reconciliations/1-2026-03/preview"
    preview = clerk.post(url, json={}).json()
    assert preview["matched_fen"] == 9_000
    assert [fault["code"] for fault in preview["faults"]] == ["undecided_difference"]
    choices = [
        {"code": "R17", "treatment": "close", "reason": "折扣"},
        {"code": "R05", "treatment": "exclude", "reason": "", "document": 2},
    ]
    preview = clerk.post(url, json={"choices": choices}).json()
    assert preview["cells"] == [{"part": "compute", "matched_fen": 7_000, "closed_fen": 3_000}]
    assert [fault["code"] for fault in preview["faults"]] == ["reason_missing"]
    page = parse(clerk.get(PAGE).text)
    assert "¥90.00" in one(page, "#preview").text()
    fields = {"treatment R05:2::compute": "exclude", "reason R05:2::compute": "没有付款"}
    page = parse(clerk.post(f"{PAGE}/preview", data=fields).text)
    assert "¥70.00" in one(page, "#preview").text()
    assert attribute(one(page, "input[name='reason R05:2::compute']"), "value") == "没有付款"
    assert "还不能提出" in page.text()
    assert bureau.browser("approver").get("/api/v1/decisions").json() == []


def test_what_was_decided_stays_to_be_seen_and_nobody_is_asked_again(bureau: Bureau) -> None:
    bureau.says("clerk", "reconcile", "move", "1", "1", "--from", "k1:2026-03", "--yuan", "60.00")
    clerk = bureau.browser("clerk")
    asks = "table .state.warm"
    assert "须由人判断" in one(parse(clerk.get(PAGE).text), asks).text()
    choice = {"treatment R17:::compute": "carry_over", "reason R17:::compute": "其余下月开票"}
    assert led_to(clerk, PAGE, **choice) == "/reconcile?act=proposed"
    decision = attribute(one(parse(clerk.get(PAGE).text), "a[href^='/decisions/']"), "href")
    assert confirmed(bureau, decision) == "/reconcile?act=confirmed"
    page = clerk.get(PAGE).text
    assert not parse(page).css(asks)
    assert "已定：结转" in page
    treated = one(parse(page), "#treated").text()
    assert "R17" in treated
    assert "结转" in treated
    assert "其余下月开票" in treated
    assert decision in attributes(parse(page), "#treated a", "href")
    assert "其余下月开票" in bureau.browser("centre").get(PAGE).text


def test_the_picture_shows_each_part_and_the_table_says_the_same(bureau: Bureau) -> None:
    page = parse(bureau.browser("clerk").get(PAGE).text)
    picture = one(page, "svg.bars")
    widths = {attribute(bar, "class"): int(attribute(bar, "width")) for bar in picture.css("rect")}
    assert widths == {"accrued": 723, "payable": 940, "paid": 0}  # 100 metered of 130 invoiced
    assert "¥100.00" in picture.text()
    assert "¥130.00" in picture.text()
    assert one(page, "#chain a[href$='/days/2026-03-01']")
