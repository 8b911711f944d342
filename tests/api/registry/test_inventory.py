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


def test_a_centre_says_what_stands_there_and_a_clerk_registers_it(town: Town) -> None:
    town.report(town.nodes["mine"], window(7, 0), window(7, 1))
    sight = {"gpu": gpu_id(7), "cluster": "c-mine", "node": "n-mine"}
    centre, clerk = town.headers(Role.OPERATOR), town.headers(Role.CLERK)
    page = parse(town.client.get("/inventory", headers=centre).text)
    assert texts(page, "#lines form button") == ["确认所选的在本中心机架上"]
    outcome = town.client.post("/api/v1/inventory", json={"sights": [sight]}, headers=centre).json()
    assert (outcome["created"], outcome["windows_released"]) == ({}, 0)
    number = outcome["decision"]
    again = town.client.post("/api/v1/inventory", json={"sights": [sight]}, headers=centre)
    assert again.json()["decision"] == number, "the same word again is the same"
    for headers in (centre, clerk):
        text = town.client.get("/inventory", headers=headers).text
        assert attribute(one(parse(text), "p.said a"), "href") == f"/decisions/{number}"
        assert "1 块 GPU 在自己的机架上" in text
    assert gpu_id(7) in town.client.get(f"/decisions/{number}", headers=clerk).text
    digest = town.client.get(f"/api/v1/decisions/{number}", headers=clerk).json()["digest"]
    answer = {"answer": "confirmed", "seen": digest}
    url = f"/api/v1/decisions/{number}/answer"
    for role in (Role.OPERATOR, Role.APPROVER):
        refused = town.client.post(url, json=answer, headers=town.headers(role))
        assert refused.status_code in {403, 409, 422}, role
    assert town.client.post(url, json=answer, headers=clerk).status_code == 200
    lines = town.client.get("/api/v1/inventory", headers=clerk).json()["lines"]
    assert gpu_id(7) not in {line["gpu"] for line in lines if line["entry"]}
    findings = town.client.get("/api/v1/findings?kind=quarantine", headers=clerk).text
    assert gpu_id(7) not in findings, "what waited for it counts"


def test_a_centre_says_nothing_of_another_s(town: Town) -> None:
    town.report(town.nodes["theirs"], window(8, 0))
    sight = {"gpu": gpu_id(8), "cluster": "c-theirs", "node": "n-theirs"}
    answer = town.client.post(
        "/api/v1/inventory", json={"sights": [sight]}, headers=town.headers(Role.OPERATOR)
    )
    assert answer.status_code == 409
