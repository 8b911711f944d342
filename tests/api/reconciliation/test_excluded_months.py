"""A month without subsidy: proposed by command and on its page, seen by all who see the month."""

from typing import Any

from tests.support.api.bureau import Bureau
from tests.support.api.html import attributes, one, parse

PAGE = "/reconcile/1/2026-03"
MONTH = "/api/v1/reconciliations/1-2026-03"
EXCLUDE = ("reconcile", "exclude", "k1", "2026-03", "--reason", "注册地迁出")


def read(bureau: Bureau, address: str) -> Any:
    return bureau.browser("clerk").get(address).json()


def accrued(bureau: Bureau) -> int:
    quota = read(bureau, "/api/v1/projects/p1/quota")
    return int(quota["rights"]["accrued"])


def test_by_command_and_back_on_the_page(bureau: Bureau) -> None:
    assert accrued(bureau) == 30_00
    bureau.confirm(bureau.says("clerk", *EXCLUDE))
    assert accrued(bureau) == 0
    month = read(bureau, MONTH)
    assert (month["exclusion"]["reason"], month["metered_fen"]) == ("注册地迁出", 100_00)
    (excluded,) = read(bureau, "/api/v1/projects/p1/quota")["excluded_months"]
    assert (excluded["contract"], excluded["month"]) == ("k1", "2026-03-01")
    assert "注册地迁出" in bureau.says("clerk", "reconcile", "show", "k1", "2026-03")
    assert "注册地迁出" in bureau.says("clerk", "quota", "p1")
    assert "注册地迁出" in one(parse(bureau.browser("centre").get(PAGE).text), "p.notice").text()
    assert "already" in bureau.refused("clerk", *EXCLUDE)
    clerk = bureau.browser("clerk")
    quota_page = parse(clerk.get("/projects/p1").text)
    assert attributes(quota_page, "#excluded a", "href") == [PAGE]
    readmitting = {"reason": "复核符合"}
    answer = clerk.post(f"{PAGE}/readmission", data=readmitting, follow_redirects=False)
    decision = answer.headers["location"]
    assert "这个账期不予补贴" in clerk.get(decision).text
    bureau.confirm(decision.replace("/", " "))
    assert accrued(bureau) == 30_00
    assert read(bureau, MONTH)["exclusion"] is None
    assert not parse(clerk.get("/projects/p1").text).css("#excluded")


def test_on_the_page_and_back_by_command(bureau: Bureau) -> None:
    clerk = bureau.browser("clerk")
    form = one(parse(clerk.get(PAGE).text), f"form[action='{PAGE}/exclusion']")
    assert form.css("input[name=reason][required]")
    no_reason = clerk.post(f"{PAGE}/exclusion", data={"reason": ""})
    assert no_reason.status_code == 422
    answer = clerk.post(f"{PAGE}/exclusion", data={"reason": "x"}, follow_redirects=False)
    bureau.confirm(answer.headers["location"].replace("/", " "))
    assert accrued(bureau) == 0
    readmit = ("reconcile", "readmit", "k1", "2026-03", "--reason", "复核符合")
    bureau.confirm(bureau.says("clerk", *readmit))
    assert accrued(bureau) == 30_00
    assert "excluded" in bureau.refused("clerk", *readmit)
