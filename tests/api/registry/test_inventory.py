"""GPUs are registered as the agents see them, on the page and by the API."""

from ledger.people.codes import Role
from tests.support.api.city import Site
from tests.support.api.html import attribute, one, parse, texts
from tests.support.api.town import Town
from tests.support.simulation import gpu_id, minute, window


def test_a_clerk_confirms_what_the_agents_see(town: Town) -> None:
    town.report(town.nodes["mine"], window(7, 0))
    headers = town.headers(Role.CLERK)
    page = parse(town.client.get("/inventory", headers=headers).text)
    tick = attribute(one(page, "input[name=sight]"), "value")
    assert tick == f"{gpu_id(7)} c-mine n-mine"
    answer = town.client.post(
        "/inventory", data={"sight": tick}, headers=headers, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/inventory?count=1")
    lines = town.client.get("/api/v1/inventory", headers=headers).json()["lines"]
    assert gpu_id(7) not in {line["gpu"] for line in lines if line["entry"]}
    again = {"sights": [{"gpu": gpu_id(7), "cluster": "c-mine", "node": "n-mine"}]}
    refusal = town.client.post("/api/v1/inventory", json=again, headers=headers)
    assert refusal.status_code == 409
    assert gpu_id(7) in refusal.text


def test_the_api_tells_what_waited_for_it(town: Town) -> None:
    town.report(town.nodes["mine"], window(7, 0), window(7, 1))
    headers = town.headers(Role.CLERK)
    (line,) = [
        line
        for line in town.client.get("/api/v1/inventory", headers=headers).json()["lines"]
        if line["gpu"] == gpu_id(7)
    ]
    assert (line["state"], line["windows"], line["registry_place"]) == ("new", 2, None)
    assert line["first"] == minute(0).isoformat().replace("+00:00", "Z")
    sight = {key: line[key] for key in ("gpu", "cluster", "node")}
    answer = town.client.post("/api/v1/inventory", json={"sights": [sight]}, headers=headers)
    outcome = answer.json()
    assert (outcome["created"], outcome["decision"]) == ({"gpus": 1}, None)
    assert outcome["windows_released"] == 2


def test_another_centre_s_operator_sees_none_of_it(town: Town) -> None:
    town.report(town.nodes["theirs"], window(8, 0))
    answer = town.client.get("/api/v1/inventory", headers=town.headers(Role.OPERATOR))
    assert gpu_id(8) not in answer.text
    assert "c-theirs" not in answer.text


def test_a_centre_s_scale_is_not_told_while_a_model_has_no_peak(site: Site) -> None:
    text = site.client("operator").get("/inventory").text
    assert "不能认定：有型号没有峰值" in texts(parse(text), "#scale td")
    assert 'href="/inventory" aria-current="page"' in text
