"""What is said twice, in another type or under an unknown name is refused by its place."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import AwareDatetime, TypeAdapter, ValidationError

import api
from api.door.schemas import BY_FORM, Integer, IsoDay, IsoMoment, Line, RequestModel, Truth
from api.payment.schemas import Number
from ledger.people.codes import Role
from tests.support.api.town import Town

INDICATOR = {
    "number": "宁财建〔2026〕1号",
    "year": 2026,
    "project_name": "算力券",
    "fund_kind": "本级财力",
    "classification": "2150805",
    "fen": 100,
}


def refusal(town: Town, path: str, body: dict[str, Any]) -> Any:
    answer = town.client.post(f"/api/v1/{path}", json=body, headers=town.headers(Role.FINANCE))
    assert answer.status_code == 422, answer.text
    return answer.json()


HIDDEN = [
    *"\u200b\u202e\u202d\u2066\u061c\u200f\ufeff\u00ad\u2800\u3164\ufe0f\U000e0100\u034f\u115f"
]


def all_models(base: type[RequestModel] = RequestModel) -> Iterator[type[RequestModel]]:
    for module in pkgutil.walk_packages(api.__path__, "api."):
        importlib.import_module(module.name)
    for model in base.__subclasses__():
        yield model
        yield from all_models(model)


EXACT = {
    loose: get_args(exact)[1]
    for loose, exact in ((int, Integer), (bool, Truth), (date, IsoDay), (datetime, IsoMoment))
}


def loose_parts(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[Any]:
    """The parts of a type that would take what is like them: `true` for 1, 0 for a day."""
    if isinstance(annotation, type) and annotation in EXACT:
        if EXACT[annotation] not in metadata:
            yield annotation
    elif annotation is AwareDatetime:
        if EXACT[datetime] not in metadata:
            yield annotation
    elif get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        yield from loose_parts(inner, (*metadata, *more))
    elif get_origin(annotation) in (Union, UnionType, list, tuple):
        for part in get_args(annotation):
            yield from loose_parts(part, metadata)


def test_whatever_a_request_has_is_that_in_json_and_nothing_like_it() -> None:
    loose = [
        (model.__name__, name)
        for model in all_models()
        for name, field in model.model_fields.items()
        if [*loose_parts(field.annotation, tuple(field.metadata))]
    ]
    assert loose == []


@pytest.mark.parametrize("value", [0, 1, "true", "0", 1.0, None])
def test_yes_is_true_and_nothing_like_it(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Truth).validate_python(value)
    assert TypeAdapter(Truth).validate_python("true", context=BY_FORM) is True


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (IsoDay, "2026-11-01", [0, "0", 20_000, "2026-11-01T00:00:00", "2026-1-1", True]),
        (IsoMoment, "2026-11-01T00:00:00+08:00", [0, "1793462400", "2026-11-01", True,
                                                  "2026-11-01T00:00:00"]),
    ],
)  # fmt: skip
def test_a_day_and_a_moment_are_no_numbers(kind: Any, right: str, wrong: list[object]) -> None:
    TypeAdapter(kind).validate_python(right)
    for value in wrong:
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(value)


def test_a_number_in_an_address_is_no_day(town: Town) -> None:
    answer = town.client.get("/api/v1/usage?until=0", headers=town.headers(Role.CLERK))
    (finding,) = answer.json()["findings"]
    assert (answer.status_code, finding["where"]) == (422, "query.until")
    assert finding["message"] == "日期应写成 2026-11-01"


@pytest.mark.parametrize("field", ["fen", "year"])
def test_money_is_an_integer_and_nothing_like_one(town: Town, field: str) -> None:
    for value in (True, False, "1", 1.0, 1.5, None, [1]):
        answer = refusal(town, "indicators", {**INDICATOR, field: value})
        findings = [(finding["where"], finding["code"]) for finding in answer["findings"]]
        assert findings == [(f"body.{field}", "int_type")], value


def test_a_form_writes_its_integers_as_text() -> None:
    whole = TypeAdapter(Integer)
    assert whole.validate_python("12", context=BY_FORM) == 12
    for wrong in (True, 1.0, "1.5", "x"):
        with pytest.raises(ValidationError):
            whole.validate_python(wrong, context=BY_FORM)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"project": "p-mine", "fen": 1, "fen": 2}', "fen"),
        ('{"project": "p-mine", "fen": 1, "f\\u0065n": 1}', "fen"),
        ('{"project": "p-mine", "x": {"y": 1, "y": 1}}', "y"),
    ],
)
def test_a_name_that_stands_twice_is_told(town: Town, body: str, name: str) -> None:
    headers = town.headers(Role.BUILDER) | {"Content-Type": "application/json"}
    answer = town.client.post("/api/v1/claims", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "name_twice")
    assert answer.json()["name"] == name


@pytest.mark.parametrize("field", ["number", "project_name", "fund_kind"])
def test_what_names_something_is_seen_whole(town: Town, field: str) -> None:
    for hidden in HIDDEN:
        body = {**INDICATOR, field: f"宁财{hidden}建1号"}
        (fault,) = refusal(town, "indicators", body)["findings"]
        finding = (fault["where"], fault["code"])
        assert finding == (f"body.{field}", "hidden_characters"), ascii(hidden)


def test_chinese_and_its_spaces_are_seen() -> None:
    for text in ("宁财建〔2026〕1号", "银川\u3000智算", "中心（一期）", "Ａ－1"):
        assert TypeAdapter(Line).validate_python(text) == text
        assert TypeAdapter(Number).validate_python(text) == text


@pytest.mark.parametrize(
    "path", ["projects?proj=1", "claims?state=draft&stat=paid", "usage?since=2026-03-01&unti=1"]
)
def test_a_parameter_that_nobody_reads_is_named(town: Town, path: str) -> None:
    answer = town.client.get(f"/api/v1/{path}", headers=town.headers(Role.CLERK))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    assert answer.json()["name"] in ("proj", "stat", "unti")
    assert f"{answer.json()['name']}" in answer.json()["detail"]


def test_known_parameters_and_the_language_are_read(town: Town) -> None:
    for path in (
        "projects?lang=en",
        "claims?state=draft&state=paid&limit=1",
        "usage?since=2026-03-01",
    ):
        answer = town.client.get(f"/api/v1/{path}", headers=town.headers(Role.CLERK))
        assert answer.status_code == 200, answer.text


def test_a_wrong_method_is_told_before_a_wrong_value(town: Town) -> None:
    """`/reconciliations/proposals` takes POST; only another `/reconciliations/{key}` is read."""
    for method, path, allowed in (
        ("GET", "reconciliations/proposals", "POST"),
        ("DELETE", "claims?nothing=1", "GET, POST"),
        ("PUT", "indicators", "GET, POST"),
        ("GET", "quarantine/release", "POST"),
    ):
        answer = town.client.request(method, f"/api/v1/{path}", headers=town.headers(Role.CLERK))
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path


def test_a_line_s_end_in_an_address_is_part_of_it(town: Town) -> None:
    headers = town.headers(Role.CLERK)
    for end in ("%0A", "%0D", "%09"):
        answer = town.client.get(f"/api/v1/claims/{end}/files/x", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "claim"), end


def test_lists_of_so_many_members_are_described_for_every_tool(town: Town) -> None:
    description = town.client.get("/openapi.json", headers=town.headers(Role.CLERK)).json()
    (after, _) = description["components"]["schemas"]["MatchingRequest"]["properties"]["after"][
        "anyOf"
    ]
    assert after == {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
    assert "prefixItems" not in str(description)


def test_of_thousands_of_faults_two_hundred_are_told(town: Town) -> None:
    answer = refusal(town, "indicators", {"x" + str(n): 1 for n in range(1000)})
    assert (answer["count"], len(answer["findings"])) == (1006, 201)
    assert answer["findings"][-1]["code"] == "more_faults"
    registry = "\n".join(["organisations:", *["- {colour: red}"] * 3000])
    headers = town.headers(Role.CLERK)
    answer = town.client.post("/api/v1/registry", content=registry, headers=headers).json()
    assert len(answer["findings"]) == 201
    assert answer["count"] >= 3000
