"""What a decision is about, as people are told it."""

import re

_KEPT_APART = re.compile(r"^(account|bank|claim|document|incident|list) ")


def plain_subject(subject: str) -> str:
    """The subject without the word before it by which the books keep kinds apart."""
    return _KEPT_APART.sub("", subject, count=1)
