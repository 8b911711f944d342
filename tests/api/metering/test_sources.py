"""One look at what a cluster reports by: its source, agents, silence, quarantine, grades."""

from fractions import Fraction

from tests.support.api.city import Site
from tests.support.api.html import parse, texts


def test_the_page_and_the_api_say_by_what_each_cluster_of_a_centre_reports(site: Site) -> None:
    client = site.client("operator")
    (cluster,) = client.get("/api/v1/sources").json()
    assert (cluster["cluster"], cluster["source"]) == ("helan-gpu", "nvml")
    assert cluster["witnesses_required"] == 1
    assert (cluster["gpus"], cluster["gpus_silent"]) == (2, 0), "both spoke within the hour"
    assert cluster["windows_waiting"] > 0
    assert {agent["node"] for agent in cluster["agents"]} == {"n1"}
    assert any(agent["lag_s"] is not None for agent in cluster["agents"])
    by_grade, by_verdict = (
        sum(map(Fraction, cluster[name].values())) for name in ("grades", "verdicts")
    )
    assert by_grade == by_verdict > 0
    page = parse(client.get("/sources").text)
    assert texts(page, "h2 a") == ["helan-gpu"]
    assert set(texts(page, "tbody th a")) == {"n1"}
    assert page.css("a[href='/findings?kind=quarantine']")


def test_the_bureau_sees_every_cluster_a_builder_none(site: Site) -> None:
    clusters = {source["cluster"] for source in site.client("clerk").get("/api/v1/sources").json()}
    assert {"helan-gpu", "helan-slurm"} <= clusters
    assert site.client("xinghe").get("/sources").status_code == 403
