"""The operator's page: what nobody saw, why, and what to do; the page and the API say the same."""

import pytest

from api.metering.advice import causes, xid, xids
from api.metering.finding_columns import reason
from tests.support.api import html
from tests.support.api.city import Site
from tests.support.api.html import attribute, one, parse, texts
from tests.support.simulation import gpu_id


def page(site: Site, path: str, reader: str = "operator") -> str:
    answer = site.client(reader).get(path)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_a_cluster_shows_its_nodes_and_each_cause_once(site: Site) -> None:
    text = page(site, "/nodes?cluster=helan-gpu")
    assert texts(parse(text), "a[href='/nodes/helan-gpu/n1?days=3']") == ["n1"]
    for code in ("agent_down", "silent"):
        assert text.count(causes()[code].event) == 1
        assert text.count(causes()[code].do) == 1
        assert f"<h3>{reason(code)} " in text
    assert causes()["gpu_lost"].event not in text
    assert "2026-04-12 08:30:00" in text  # where the gap began
    assert "仍在持续" in text  # both cards are silent since ten
    assert "有 GPU 看不到" in text
    assert "有未登记的 GPU" in text
    assert "0 / 2" in text


def test_the_page_has_the_figures_of_the_api(site: Site) -> None:
    answer = site.client("operator").get("/api/v1/nodes?cluster=helan-gpu&days=1").json()
    (node,) = answer["nodes"]
    assert (node["gpus_registered"], node["gpus_seen"], node["gap_ms"]) == (2, 0, 60_000)
    # registered at 07:42; reported from 08:00 until 10:00; the horizon is 10:37
    assert node["silent_ms"] == 2 * (18 + 37) * 60_000
    assert {g["gpu"] for g in node["gpus"]} == {gpu_id(0), gpu_id(1)}
    assert [s["reason"] for s in node["strangers"]] == ["unknown_gpu"]
    assert [(i["cause"], len(i["gpus"]), i["lost_ms"]) for i in answer["incidents"]] == [
        ("silent", 2, 2 * 37 * 60_000),
        ("agent_down", 1, 60_000),
        ("silent", 2, 2 * 18 * 60_000),
    ]
    text = page(site, "/nodes?cluster=helan-gpu&days=1")
    assert "1.83" in text  # 110 silent minutes in GPU-hours
    assert "1.23" in text


def test_hours_spans_and_the_minutes_of_a_day_add_up(site: Site) -> None:
    answer = site.client("operator").get("/api/v1/nodes/helan-gpu/n1").json()
    lost = sum(h["gap_ms"] + h["silent_ms"] for h in answer["hours"])
    assert lost == answer["node"]["gap_ms"] + answer["node"]["silent_ms"]
    assert lost == sum(i["lost_ms"] for i in answer["incidents"])
    day = page(site, "/nodes/helan-gpu/n1/2026-04-12")
    assert day.count('<th scope="row">') == len(answer["spans"]) == 5
    assert "0:37:00" in day
    spans = [texts(row, "th, td")[:2] for row in parse(day).css("tr")]
    assert ["2026-04-12 08:30:00", "2026-04-12 08:31:00"] in spans


def test_a_node_is_a_picture_and_the_same_in_words(site: Site) -> None:
    text = page(site, "/nodes/helan-gpu/n1?days=1")
    picture = parse(text)
    words = texts(picture, "td")
    cells = [
        (attribute(cell, "class"), html.text(one(cell, "title")))
        for cell in picture.css("rect[class]:has(title)")
    ]
    assert len(cells) == 2 * 4  # 07:42 to 10:37
    for looks, statement in cells:
        duration = statement.split(" ", 2)[2]
        assert duration in words
        assert ("静默" in duration) == ("mute" in looks)
        assert ("空缺" in duration) == ("gapped" in looks)
        assert ("未测量" in duration) == looks.startswith("plain")
    assert "04-12 08:00 64.0% · 空缺 0:01:00" in [words for _, words in cells]


def test_a_day_is_a_picture_whose_hours_lead_to_their_windows(site: Site) -> None:
    text = page(site, "/hours/helan-gpu?day=2026-04-12")
    picture = parse(text)
    cells = picture.css("svg.hours a")
    assert len(cells) == 2 * 4  # 07:42 to 10:37
    answer = site.client("operator").get("/api/v1/hours/helan-gpu?day=2026-04-12").json()
    assert len(answer) == len(cells)
    (hour,) = [h for h in answer if h["gaps"]]
    assert hour["gaps"] == {"agent_down": 60_000}
    assert {share["project"] for h in answer for share in h["shares"]} >= {"xinghe"}
    linked = f"/hours/helan-gpu/{hour['gpu']}?hour=2026-04-12T00%3A00Z"
    assert linked in [attribute(a, "href") for a in cells]
    assert linked in [attribute(a, "href") for a in picture.css("td a")], "without the picture too"
    minutes = page(site, linked)
    assert minutes.count("采集端停止") == 1
    assert 'href="/batches/' not in minutes, "a centre sees no batches"
    assert 'href="/batches/' in page(site, linked, "clerk")
    silent = page(site, linked.replace("T00", "T02"))
    assert silent.count("静默：没有窗口") == 37
    assert "h9" in page(site, "/hours/helan-gpu?day=2026-04-12&look=utilisation") or "h6" in text


def test_a_day_of_nothing_and_an_hour_of_nobody(site: Site) -> None:
    assert "这一天这里没有登记 GPU；" in page(site, "/hours/helan-gpu?day=1999-01-01")
    assert "2026-04-12" in page(site, "/hours/helan-gpu?day=2099-01-01")  # today
    assert "没有登记" in page(site, f"/hours/helan-gpu/{gpu_id(0)}?hour=1999-01-01T00:00Z")
    client = site.client("operator")
    for path, status in (
        ("/hours/helan-gpu/nobody?hour=2026-04-12T00:00Z", 404),
        ("/hours/helan-slurm", 404),
        (f"/hours/helan-gpu/{gpu_id(0)}?hour=2026-04-12", 422),
    ):
        assert client.get(path).status_code == status, path


def test_an_operator_comes_from_the_head_and_sees_its_own_centre_only(site: Site) -> None:
    text = page(site, "/nodes")
    assert 'href="/nodes" aria-current="page"' in text
    assert "helan-gpu" in text
    assert "helan-slurm" not in text
    client = site.client("other")
    assert "helan-gpu" not in page(site, "/nodes", "other")
    for path in (
        "/nodes?cluster=helan-gpu",
        "/nodes/helan-gpu/n1",
        "/nodes/helan-gpu/n1/2026-04-12",
    ):
        assert client.get(path).status_code == 404
        assert client.get(path.replace("/nodes", "/api/v1/nodes")).status_code == 404


@pytest.mark.parametrize("reader", ["clerk", "auditor"])
def test_the_bureau_comes_from_the_head_too(site: Site, reader: str) -> None:
    head = parse(page(site, "/nodes?cluster=helan-gpu", reader)).css("header nav a")
    assert [a.text() for a in head if "aria-current" in a.attributes] == ["节点一览"]


def test_who_may_not_see_nodes_has_no_way_to_them(site: Site) -> None:
    assert 'href="/nodes"' not in page(site, "/projects", "xinghe")


@pytest.mark.parametrize("path", ["/nodes/helan-gpu/n2", "/nodes/nowhere/n1", "/nodes?cluster=x"])
def test_what_is_not_there_is_not_found(site: Site, path: str) -> None:
    assert site.client("clerk").get(path).status_code == 404


@pytest.mark.parametrize("query", ["days=0", "days=8", "days=x", "offset=-1"])
def test_a_period_is_bounded(site: Site, query: str) -> None:
    assert site.client("clerk").get(f"/nodes?cluster=helan-gpu&{query}").status_code == 422


def test_a_cluster_of_jobs_has_agents_and_no_hours(site: Site) -> None:
    text = page(site, "/nodes?cluster=helan-slurm", "clerk")
    assert "这里没有登记 GPU；" in text
    assert "<rect class" not in text.split('id="hours"')[1].split("legend")[0]
    assert "0 / 0" in text


def test_an_empty_town_says_so(empty: Site) -> None:
    assert "还没有登记任何集群。" in page(empty, "/nodes", "auditor")


def test_an_xid_that_is_not_common_is_not_called_harmless() -> None:
    assert xid(79) is not None
    assert {13, 31, 43, 45, 48, 63, 74, 79, 94, 95, 119} <= xids().keys()
    assert xid(9_999).do == "请查 NVIDIA 的 XID 目录。"
