"""A code has one word, on the pages, on the command line and inside sentences."""

import pytest

from api.cli.values import person
from api.language.i18n import speaking
from api.messages.sentences import sentence


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", "目前的状态（公示中）下不能做这一步（受理）"), ("en", "published")],
)
def test_a_sentence_says_the_word_and_not_the_code(language: str, words: str) -> None:
    with speaking(language):
        assert words in sentence("no_such_step", {"state": "published", "action": "accept"}).lower()


def test_a_sentence_names_a_person_and_not_her_token() -> None:
    with speaking("zh-CN"):
        words = sentence("decision_open", {"subject": "X", "by": "clerk:李四#15", "decision": 8})
    assert "由 李四 提出" in words
    assert "决定 8" in words


def test_the_command_line_names_the_person_with_her_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert person("clerk:李四#15") == "李四（经办）"
    assert person(None) is None
