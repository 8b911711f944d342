"""`suanquan policy explain` and `replay`: explain a decision, and repeat a recorded one.

`explain` decides one clause on facts typed as people type them (yuan, 万, 亿). `replay` decides a
kept record again and says whether the same follows, to the letter. Neither needs a server.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.answer import Answer
from api.cli.arguments import content_of
from api.cli.failures import Failure
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from api.policy.evaluate_cli import Readings, Version, readings


def explain(
    clause: Annotated[str, typer.Argument(metavar="CLAUSE", help=msgid("条款，如 03-1"))],
    facts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FACT=VALUE", help=msgid("事实；金额写元，可用 万、亿；是否写 yes、no")
        ),
    ] = None,
    *,
    version: Version,
    reading: Readings = None,
) -> Answer:
    """Decide one clause, and say why; a fact or a clause that does not exist is a failure."""
    from api.policy.explain.as_text import as_text  # noqa: PLC0415 - loaded when it is used
    from api.policy.explain.evaluation import evaluated  # noqa: PLC0415
    from ledger.policy.codes import Result  # noqa: PLC0415
    from ledger.policy.decide.cases import Case  # noqa: PLC0415
    from ledger.policy.text.published import load  # noqa: PLC0415

    policy = load(version, readings(reading))
    case = evaluated(policy, Case(clause, _typed(policy, facts or [])), explain=True)
    rejected = case["result"] == Result.REJECTED
    failure = Failure(_("事实有误，未予认定")) if rejected else None
    return Answer(case, list(as_text(case)), failure)


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("认定记录，JSON"))],
) -> Answer:
    """Decide a record again; it is the same, or the command fails."""
    from ledger.policy.decide.record import replay as decide_again  # noqa: PLC0415 - when used

    kept_record = _record(content_of(file))
    again = decide_again(kept_record)
    same = again is not None and again.as_json() == kept_record
    data = {"same": same, "record": again and again.as_json()}
    if same:
        return Answer(
            data, [_("重新认定，一字不差：{digest}").format(digest=kept_record["digest"])]
        )
    text = _("重新认定的结果与记录不同：{digest}")
    return Answer(data, [], Failure(text.format(digest=again.digest if again else "—")))


def _typed(policy: Any, texts: list[str]) -> dict[str, object]:  # noqa: ANN401 - loaded when used
    """The facts that were typed; one that no clause knows is left to the engine to refuse."""
    from api.messages.sentences import fault_lines, findings  # noqa: PLC0415 - loaded when used
    from ledger.errors import Finding  # noqa: PLC0415
    from ledger.policy.decide.fact_checks import fault_params  # noqa: PLC0415
    from ledger.policy.decide.typed_facts import keyed  # noqa: PLC0415

    facts: dict[str, object] = {}
    wrong = []
    for assignment in texts:
        name, _equals, text = assignment.partition("=")
        kind = policy.facts.get(name)
        if kind is None:
            facts[name] = text
            continue
        facts[name], code = keyed(kind, text)
        if code:
            wrong.append(Finding(name, code, fault_params(kind, code)))
    if wrong:
        raise Failure(_("有的值读不懂"), fault_lines(findings(wrong)))
    return facts


def _record(raw: bytes) -> dict[str, Any]:
    from ledger.formats.json.names import NameTwice, parse_json  # noqa: PLC0415 - when used

    try:
        kept_record = parse_json(raw)
    except NameTwice as error:
        raise Failure(_("「{name}」写了两次").format(name=error.name)) from error
    except (ValueError, RecursionError) as error:
        raise Failure(_("记录不是正确的 JSON")) from error
    parts = {"engine", "policy", "clause", "readings", "facts", "digest"}
    if not isinstance(kept_record, dict) or not parts <= kept_record.keys():
        raise Failure(_("这不是一份认定记录"))
    return kept_record
