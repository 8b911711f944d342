"""Every code that is raised or found has its sentence, with parameters that are really given, and
every text that a person reads has its English.

The codes are taken from the source itself, so nobody has to remember to list a new one.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from api.language.i18n import LANGUAGES, LOCALE, choose, speaking
from api.messages.messages import SENTENCES, TITLES
from api.messages.sentences import sentence
from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

# Which argument of these is a code. The parameters are keywords, or the dict that follows.
CODE_AT = {
    "NotFound": 0, "Conflict": 0, "OutOfOrder": 0, "Refused": 0, "Spent": 0, "Unusable": 0,
    "Busy": 0, "with_faults": 0, "finding": 0, "fault": 0, "Finding": 1, "Refusal": 1, "Problem": 1,
}  # fmt: skip

# Where a code is worked out, all that it may become.
WORKED_OUT = {
    "api/door/problems.py: code": {"no_route", "no_method", "http"},
    "api/door/problems.py: error.code": set(),  # passed on as it was raised
    "api/metering/couriers/pages.py: f'courier_{fault.code}'": {
        "courier_another_format", "courier_another_version", "courier_cut_off", "courier_changed",
        "courier_unreadable_line",
    },
    "api/claims/routes.py: outcome.code": {
        "claim_lacks", "ineligible", "insufficient", "judgement", "rejected",
    },
    "api/people/persons/workbook_routes.py: error.code": set(),  # as it was raised
    "api/vouchers/workbook/routes.py: problem.code": set(),
    "api/web/sheets.py: code": {
        "missing", "bad_choice", "bad_name", "bad_paid_amount", "differs", "duplicate",
        "unknown_key",
    },
    "api/registry/parents.py: fault": {"unknown_contract", "unknown_cluster"},
    "api/vouchers/routes.py: decision.result": {
        "ineligible", "insufficient", "judgement", "rejected",
    },
    "ledger/payment/steps/payment_list.py: payable.held": {
        "without_account", "account_changing", "payable_gone", "bank_contradiction", "claim_held",
    },
    "ledger/closes/rules.py: code": {
        "close_too_early", "closed_before", "month_before_open", "usage_open", "invariant_broken",
    },
    "ledger/policy/decide/reasons.py: code": {"condition_unmet", "condition_to_judge"},
    "ledger/people/steps/decisions.py: reason": {
        "same_person", "one_made_the_other", "service_confirms", "shared_device",
    },
    "ledger/people/steps/passwords.py: code": {
        "password_length", "password_kinds", "password_name",
    },
    "ledger/postgres/database.py: code": {
        "owner_may_not", "database_busy", "unreachable", "pooled",
    },
    "ledger/documents/steps/receipts.py: faults[0].code": set(),  # a finding, passed on
    "ledger/formats/findings.py: code": set(),  # given at each call
    "ledger/documents/rules/cost_document.py: f'uscc_{wrong}'": {
        "uscc_length", "uscc_character", "uscc_department", "uscc_place", "uscc_check_digit",
    },
    "ledger/formats/yaml_with_lines.py: code": {
        "not_mapping", "empty_file", "many_documents", "alias", "tag", "bad_key", "duplicate_key",
    },
    "ledger/policy/analysis/check.py: code": {"no_case", "no_case_gives", "no_case_refuses"},
    "ledger/policy/analysis/check.py: difference.code": set(),
    "ledger/policy/analysis/check.py: fault.code": set(),
    "ledger/policy/analysis/check.py: finding.code": set(),
    "ledger/policy/text/contradictions.py: code": {
        "band_empty", "band_gap", "band_overlap", "band_order", "band_ended",
    },
    "ledger/policy/decide/fact_checks.py: code": {
        "not_a_choice", "not_yes_no", "not_fen", "not_a_count", "not_decimal", "negative",
        "too_much",
    },
    "api/policy/explain_cli.py: code": {
        "keyed_number", "keyed_fen", "negative", "not_a_count", "not_a_choice", "not_yes_no",
    },
    "ledger/formats/field_parsers.py: f'uscc_{wrong}'": {
        "uscc_length", "uscc_character", "uscc_department", "uscc_place", "uscc_check_digit",
    },
    "ledger/formats/field_parsers.py: code": {"missing", "unknown_key", "not_mapping", "not_list"},
    "ledger/claims/steps/claims.py: f'lacks_{item.item}'": {
        "lacks_application", "lacks_commitment", "lacks_receipt", "lacks_account",
        "lacks_contract", "lacks_result", "lacks_other",
    },
    "ledger/registry/steps/entities.py: f'unknown_{section.singular}'": {
        "unknown_organisation", "unknown_centre", "unknown_cluster", "unknown_model",
        "unknown_project", "unknown_contract", "unknown_gpu",
    },
}  # fmt: skip


class RaisedCode(NamedTuple):
    where: str
    code: str
    params: frozenset[str] | None  # None: they cannot be told from the source


def calls(path: Path) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Everything in a file that makes an error, a problem or a finding; and its code."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "fault" and not {"rules", "formats", "policy"} & set(path.parts):
            continue  # another function of that name
        if name in CODE_AT and len(node.args) > CODE_AT[name]:
            yield node, node.args[CODE_AT[name]]


def params_of(call: ast.Call) -> frozenset[str] | None:
    names: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg is None:
            return None
        names.add(keyword.arg)
    for argument in call.args[1:]:
        if isinstance(argument, ast.Dict):
            names |= {ast.literal_eval(key) for key in argument.keys if key is not None}
        elif isinstance(argument, ast.Tuple):  # Finding's pairs
            pairs = [pair for pair in argument.elts if isinstance(pair, ast.Tuple)]
            names |= {ast.literal_eval(pair.elts[0]) for pair in pairs}
        elif isinstance(argument, (ast.Name, ast.Attribute, ast.Call)):
            return None
    return frozenset(names)


def sources() -> list[Path]:
    return sorted([*ROOT.glob("ledger/**/*.py"), *ROOT.glob("api/**/*.py")])


def raised_codes() -> Iterator[RaisedCode]:
    for path in sources():
        where = str(path.relative_to(ROOT))
        for call, code in calls(path):
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield RaisedCode(f"{where}:{call.lineno}", code.value, params_of(call))
            else:
                for code_name in WORKED_OUT.get(f"{where}: {ast.unparse(code)}", ()):
                    yield RaisedCode(f"{where}:{call.lineno}", code_name, None)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def english() -> Catalog:
    with (LOCALE / "en.po").open("rb") as file:
        return read_po(file)


def test_every_code_has_its_sentence() -> None:
    without = {f"{where}: {code}" for where, code, _ in raised_codes() if code not in SENTENCES}
    assert not without


def test_no_sentence_asks_for_a_parameter_that_is_not_given() -> None:
    wrong = {
        f"{where}: {code} lacks {missing}"
        for where, code, params in raised_codes()
        if params is not None and (missing := fields(SENTENCES.get(code, "")) - params)
    }
    assert not wrong


def test_every_code_that_is_worked_out_is_in_the_table() -> None:
    expressions = {
        f"{path.relative_to(ROOT)}: {ast.unparse(code)}"
        for path in sources()
        for _, code in calls(path)
        if not isinstance(code, ast.Constant)
    }
    assert expressions == set(WORKED_OUT)


def test_no_sentence_is_never_said() -> None:
    spoken = {code for _, code, _ in raised_codes()}
    source = (ROOT / "api/door/problems.py").read_text(encoding="utf-8")
    from api.messages.messages import FIELDS  # noqa: PLC0415

    assert set(SENTENCES) - spoken - set(FIELDS) - set(re.findall(r'"(\w+)"', source)) == set()


def texts() -> set[str]:
    """Every text in `_(…)` of the code and the templates, the sentences and the titles."""
    method_map = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
    keywords = {"_": None, "gettext": None, "msgid": None}
    messages = extract_from_dir(ROOT / "api", method_map, keywords=keywords)
    extracted = {message for _, _, message, _, _ in messages if isinstance(message, str)}
    return extracted | set(SENTENCES.values()) | set(TITLES.values())


def test_every_text_has_its_english() -> None:
    translated = {message.id for message in english() if message.id and message.string}
    assert texts() - translated == set()


def test_no_english_is_left_over() -> None:
    assert {message.id for message in english() if message.id} - texts() == set()


def test_english_says_the_same_parameters() -> None:
    for message in english():
        chinese, said_in_english = str(message.id), str(message.string)
        pattern = r"%\(\w+\)s|\{\w+\}"
        assert set(re.findall(pattern, chinese)) == set(re.findall(pattern, said_in_english)), (
            chinese
        )
        assert not re.search(r"[\u4e00-\u9fff]", said_in_english), said_in_english


def test_the_catalogue_is_sorted() -> None:
    ids = [str(message.id) for message in english() if message.id]
    assert ids == sorted(ids), "run `make messages`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_whole_in_each_language(language: str) -> None:
    for code, template in SENTENCES.items():
        values = {name: f"<{name}>" for name in fields(template)}
        with speaking(language):
            phrase = sentence(code, values)
        assert "{" not in phrase
        assert all(value in phrase for value in values.values()), phrase
        assert bool(re.search(r"[\u4e00-\u9fff]", phrase)) == (language == "zh-CN"), phrase


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "choice"),
    [
        (None, None, None, "zh-CN"),
        ("en", "zh-CN", "zh", "en"),
        ("tlh", "en", "zh", "en"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "fr, en;q=0.5, zh;q=0.4", "en"),
        (None, None, "zh-TW;q=0.1, en;q=0", "zh-CN"),
        (None, None, "en, zh", "zh-CN"),
        (None, None, "en;q=high", "zh-CN"),
        (None, None, ";;;,,,", "zh-CN"),
        ("", "", "*", "zh-CN"),
    ],
)
def test_the_readers_language(
    query: str | None, cookie: str | None, accept: str | None, choice: str
) -> None:
    assert choose(query, cookie, accept) == choice
