"""The registry as it is read: by page, API and command alike, in everybody's scope."""

import csv
import io
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from ledger.people.codes import Role
from ledger.registry.codes import RegistrySection
from tests.support.api.city import Site
from tests.support.api.command_line import Desk
from tests.support.api.html import attributes, one, parse, text, texts
from tests.support.api.requests import EVERY_SECTION, REGISTRY, ask
from tests.support.api.town import Town

DEARER = REGISTRY.replace('"30"', '"40"')
OPEN_TO_CENTRES = {
    "centres", "clusters", "billing", "witnesses", "gpus", "contracts", "prices", "bindings",
    "relations",
}  # fmt: skip


def register(town: Town, file: str = EVERY_SECTION) -> None:
    ask(town, Role.CLERK, "POST", "registry", content=file.encode())


def page(town: Town, role: Role, path: str, language: str = "zh-CN") -> str:
    headers = {**town.headers(role, language), "Accept": "text/html"}
    answer = town.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_every_section_is_listed_by_page_api_and_file(town: Town) -> None:
    register(town)
    for section in RegistrySection:
        rows = ask(town, Role.AUDITOR, "GET", f"registry/{section}?state=all")
        assert rows or section == "accounts", section
        file = town.client.get(
            f"/api/v1/registry/{section}.csv?state=all", headers=town.headers(Role.AUDITOR)
        )
        lines = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert len({len(line) for line in lines}) == 1
        assert len(lines) == len(rows) + 1
        html = parse(page(town, Role.AUDITOR, f"/registry/{section}?state=all"))
        assert len(html.css("tbody tr")) == len(rows)
        for row in rows:
            details = ask(town, Role.AUDITOR, "GET", f"registry/{section}/{row['key']}")
            assert details["entry"]["key"] == row["key"]
            page(town, Role.AUDITOR, f"/registry/{section}/{row['key']}", "en")


def test_values_are_exact_and_days_are_whole(town: Town) -> None:
    register(town)
    line = next(
        row
        for row in ask(town, Role.CLERK, "GET", "registry/prices")
        if row["values"]["kind"] == "metered"
    )
    assert (line["values"]["yuan"], line["values"]["tax_rate"]) == ("30.50", "0.06")
    assert (line["since"], line["until"]) == ("2026-01-01", "2026-12-31")
    (contract,) = ask(town, Role.CLERK, "GET", "registry/contracts?text=ht-1")
    assert contract["values"]["total_fen"] == 100_050
    (support,) = ask(town, Role.CLERK, "GET", "registry/other_support")
    assert (support["values"]["fen"], support["since"]) == (725, "2026-03-01")
    book = town.client.get(
        "/api/v1/registry/contracts.xlsx?text=HT-1", headers=town.headers(Role.CLERK)
    )
    titles, row = load_workbook(io.BytesIO(book.content)).worksheets[0].values
    assert dict(zip(titles, row, strict=True))["合同总额（含税）"] == 1000.5


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", ["HT-1", "HT-2"]),
        ("sort=-number", ["HT-2", "HT-1"]),
        ("offset=1", ["HT-2"]),
        ("sort=-number&offset=1", ["HT-1"]),
        ("offset=2", []),
        ("sort=-total_fen", ["HT-1", "HT-2"]),
        ("sort=until", ["HT-1", "HT-2"]),
        ("sort=-until", ["HT-1", "HT-2"]),  # what has no end stands last either way
        ("text=P-THEIRS", ["HT-2"]),
        ("text=1,000.50", ["HT-1"]),
        ("state=in_force", ["HT-1", "HT-2"]),
        ("state=future", []),
    ],
)
def test_a_list_is_narrowed_and_sorted(town: Town, query: str, numbers: list[str]) -> None:
    register(town)
    rows = ask(town, Role.CLERK, "GET", f"registry/contracts?{query}")
    assert [row["values"]["number"] for row in rows] == numbers
    html = parse(page(town, Role.CLERK, f"/registry/contracts?{query}"))
    assert texts(html, "tbody th") == numbers


@pytest.mark.parametrize(
    ("section", "word", "english"),
    [
        ("prices", "套餐", "package"),  # a code
        ("price_bands", "整卡", "whole gpu"),  # a word of the file
        ("prices", "6%", "6%"),  # a rate, 0.06
        ("prices", "30.5", "30.5"),  # 30.50 without its nought
        ("projects", "否", "no"),  # false
        ("other_support", "¥7.25", "¥7.25"),  # 725 fen
        ("prices", "2026-06-30", "2026-06-30"),  # a date
    ],
)
def test_a_list_is_searched_for_what_is_read_in_it(
    town: Town, section: str, word: str, english: str
) -> None:
    register(town)
    path = f"/registry/{section}?state=all&text="
    for part, language in ((word, "zh-CN"), (english, "en")):
        html = parse(page(town, Role.AUDITOR, path + quote(part), language))
        assert html.css("tbody tr")
    assert not ask(town, Role.AUDITOR, "GET", f"registry/{section}?text={quote('无此%_')}")


def test_a_long_list_comes_in_parts(town: Town) -> None:
    register(town)
    whole = ask(town, Role.AUDITOR, "GET", "registry/prices?state=all")
    parts = [
        ask(town, Role.AUDITOR, "GET", f"registry/prices?state=all&limit=1&offset={n}")
        for n in range(len(whole) + 1)
    ]
    assert len(whole) > 1
    assert [row for part in parts for row in part] == whole
    assert not parts[-1]
    answer = town.client.get("/api/v1/registry/prices?limit=0", headers=town.headers(Role.AUDITOR))
    assert answer.status_code == 422


def test_states_are_told_by_the_day(town: Town) -> None:
    register(town)
    state = {
        row["values"]["name"]: row["state"]
        for row in ask(town, Role.CLERK, "GET", "registry/names?state=all")
    }
    assert state == {"银川示例": "in_force", "新名": "future"}
    (band,) = ask(town, Role.CLERK, "GET", "registry/price_bands")
    assert band["state"] == "ended"


def test_a_column_that_is_not_there_is_refused(town: Town) -> None:
    for sort in ("id", "yuan", "-nothing"):
        answer = town.client.get(
            f"/api/v1/registry/contracts?sort={sort}", headers=town.headers(Role.CLERK)
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "registry_sort")


def test_a_centre_reads_its_own_and_nothing_of_persons(town: Town) -> None:
    register(town)
    for section in RegistrySection:
        answer = town.client.get(
            f"/api/v1/registry/{section}?state=all", headers=town.headers(Role.OPERATOR)
        )
        assert answer.status_code == (200 if section in OPEN_TO_CENTRES else 404), section
    numbers = [
        row["values"]["number"] for row in ask(town, Role.OPERATOR, "GET", "registry/contracts")
    ]
    assert numbers == ["HT-1"]
    (other_contract,) = ask(town, Role.CLERK, "GET", "registry/contracts?text=HT-2")
    foreign = town.client.get(
        f"/api/v1/registry/contracts/{other_contract['key']}", headers=town.headers(Role.OPERATOR)
    )
    assert foreign.status_code == 404
    html = page(town, Role.OPERATOR, "/registry/contracts")
    links = attributes(parse(html), "main a", "href")
    assert not [link for link in links if link.startswith("/registry/projects")]
    assert "/registry/file" not in links
    assert [row["values"]["kind"] for row in ask(town, Role.OPERATOR, "GET", "registry/relations")]
    key_of_centre = ask(town, Role.OPERATOR, "GET", "registry/centres")[0]["key"]
    details = ask(town, Role.OPERATOR, "GET", f"registry/centres/{key_of_centre}")
    assert set(details["concerning"]) <= OPEN_TO_CENTRES


def test_the_history_says_who_proposed_and_who_decided(town: Town) -> None:
    register(town, REGISTRY)
    ask(town, Role.CLERK, "POST", "accruals")
    number = ask(
        town, Role.CLERK, "POST", "registry?supersede=true&reason=补充协议", content=DEARER
    )["decision"]
    proposal = ask(town, Role.APPROVER, "GET", f"decisions/{number}")
    body = {"answer": "confirmed", "seen": proposal["digest"]}
    ask(town, Role.APPROVER, "POST", f"decisions/{number}/answer", json=body)
    (line,) = ask(town, Role.AUDITOR, "GET", "registry/prices")
    assert line["values"]["yuan"] == "40"
    assert (line["recorded"]["decision"], line["reason"]) == (number, "补充协议")
    assert line["recorded"]["by"].startswith("clerk:某clerk")
    assert line["recorded"]["confirmed_by"].startswith("approver:某approver")
    history = ask(town, Role.AUDITOR, "GET", f"registry/prices/{line['key']}")["history"]
    assert [row["values"]["yuan"] for row in history] == ["40", "30"]
    earlier = history[1]
    assert earlier["state"] == "superseded"
    assert earlier["recorded"]["confirmed_by"] is None
    assert earlier["superseded"]["decision"] == number
    assert earlier["superseded"]["by"].startswith("clerk:")
    html = page(town, Role.AUDITOR, f"/registry/prices/{line['key']}")
    assert "某approver" in html
    assert f"/decisions/{number}" in attributes(parse(html), "main a", "href")
    contract = page(town, Role.AUDITOR, f"/registry/contracts/{line['keys']['contract']}")
    assert "某approver" in contract
    assert "已被取代" in contract


def test_the_terms_that_a_contract_had_are_its_history(town: Town) -> None:
    register(town)
    later = "contracts: [{number: HT-2, centre: centre of c-theirs, project: p-theirs,"
    later += " from: 2026-01-01, until: 2027-12-31}]"
    ask(town, Role.CLERK, "POST", "registry?supersede=true", content=later)
    (row,) = ask(town, Role.CLERK, "GET", "registry/contracts?text=HT-2")
    assert (row["until"], row["recorded"]["by"][:5]) == ("2027-12-31", "clerk")
    details = ask(town, Role.CLERK, "GET", f"registry/contracts/{row['key']}")
    assert [(row["until"], row["state"]) for row in details["history"]] == [
        ("2027-12-31", "in_force"), (None, "superseded"),
    ]  # fmt: skip
    assert {row["recorded"]["by"][:5] for row in details["history"]} == {"clerk"}


def test_every_entry_says_who_registered_it_and_when(town: Town) -> None:
    register(town)
    for section in RegistrySection:
        rows = ask(town, Role.AUDITOR, "GET", f"registry/{section}?state=all&text=MADEM")
        rows += ask(town, Role.AUDITOR, "GET", f"registry/{section}?state=all&text=H100")
        rows += ask(town, Role.AUDITOR, "GET", f"registry/{section}?state=all&text=HT-1")
        for row in rows:
            assert row["recorded"]["at"], section
            assert row["recorded"]["by"].startswith("clerk:某clerk"), (section, row)


def test_the_page_sorts_and_downloads_what_it_shows(site: Site) -> None:
    client = site.client("clerk")
    html = parse(client.get("/registry/contracts?text=xinghe&sort=-number").text)
    numbers = texts(html, "tbody th")
    assert numbers == sorted(numbers, reverse=True)
    assert text(one(html, "th[aria-sort]")) == "号码 ▼"
    (csv_address,) = [u for u in attributes(html, "a[download]", "href") if ".csv" in u]
    lines = client.get(csv_address).content.decode("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == numbers


def test_an_account_is_listed_by_its_last_figures(site: Site) -> None:
    rows = site.client("auditor").get("/api/v1/registry/accounts").json()
    assert rows
    for row in rows:
        assert row["values"]["number"].startswith("*")
        assert sum(c.isdigit() for c in row["values"]["number"]) == 4
        assert row["recorded"]["decision"]


def test_the_command_lists_and_shows(desk: Desk) -> None:
    register(desk.town)
    rows = desk.ask(Role.CLERK, "registry", "ls", "contracts", "--text", "HT-1")
    assert [row["values"]["number"] for row in rows] == ["HT-1"]
    listing = desk.run(Role.CLERK, "registry", "ls", "prices", LANG="zh_CN.UTF-8")
    assert "30.5" in listing.stdout
    assert "套餐" in listing.stdout
    file = desk.run(Role.CLERK, "registry", "ls", "prices", "--csv", LANG="zh_CN.UTF-8")
    assert file.stdout.splitlines()[0].startswith("编号,合同,种类")
    html = desk.run(Role.CLERK, "registry", "show", "contracts", rows[0]["key"])
    assert "HT-1" in html.stdout
    assert "1g.10gb" in html.stdout  # its lines
    wrong = desk.run(Role.OPERATOR, "registry", "ls", "controllers")
    assert wrong.returncode != 0
