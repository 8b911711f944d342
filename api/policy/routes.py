"""Decide cases by the policy: nothing is stored, and the books are not read."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from api.door.dependencies import signed_in
from api.door.problems import Refusal
from api.door.route_table import KIB, limited
from api.messages.sentences import findings
from api.policy.explain.evaluation import evaluated
from api.policy.schemas import CaseRequest, EvaluationRead
from ledger.errors import Finding
from ledger.policy.decide import cases
from ledger.policy.text.published import load

CASES_MAX = 1_000
READINGS_MAX = 100

router = APIRouter(tags=["policy"])

_SHAPE = CaseRequest.model_json_schema()  # what has another is answered: `rejected`
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        {"type": "array", "maxItems": CASES_MAX, "items": {"anyOf": [_SHAPE, {}]}},
                        _SHAPE,
                        {"type": "object"},
                    ]
                }
            }
        },
    }
}


async def raw_body(request: Request) -> bytes:
    """The body as it was written: what JSON forgets is part of what is judged."""
    return await request.body()


@router.post(
    "/evaluations",
    openapi_extra=_BODY,
    response_model=list[EvaluationRead] | EvaluationRead,
    response_model_exclude_unset=True,
    dependencies=[Depends(signed_in)],
)
@limited(body=2 * KIB * KIB)
def evaluate(
    raw: Annotated[bytes, Depends(raw_body)],
    *,
    policy: Annotated[str, Query(max_length=100)],
    reading: Annotated[
        list[str], Query(max_length=READINGS_MAX, description="Q12-1=accumulate")
    ] = [],  # noqa: B006 - FastAPI's way to say «none»
    explain: bool = False,
) -> Any:  # noqa: ANN401 - validated against the response's model
    """Decide one case or a list of them, each by itself; a faulty case is `rejected`."""
    version = load(policy, dict(map(_parse_reading, reading)))
    items, single = _cases(raw)
    answers = [evaluated(version, case, explain=explain) for case in items]
    return answers[0] if single else answers


def _cases(raw: bytes) -> tuple[list[cases.Case], bool]:
    """The cases, and whether it was one alone."""
    single = raw.lstrip()[:1] == b"{"
    items, wrong = cases.read(b"[" + raw + b"]" if single else raw)
    if items is None or (single and len(items) != 1):
        faults = findings(wrong)
        raise Refusal(422, "invalid", {"count": max(len(faults), 1), "findings": faults})
    if len(items) > CASES_MAX:
        raise Refusal(422, "too_many_cases", {"limit": CASES_MAX, "count": len(items)})
    return items, single


def _parse_reading(text: str) -> tuple[str, str]:
    question, equals, reading = text.partition("=")
    if not equals:
        wrong = findings([Finding("reading", "bad_reading")])
        raise Refusal(422, "invalid", {"count": 1, "findings": wrong})
    return question.strip(), reading.strip()
