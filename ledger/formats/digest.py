"""The digest by which a confirmation names what it confirms.

SHA-256 of the content as JSON with sorted keys and no spaces; the same content has the same digest
whoever computes it, and days and moments are written as ISO 8601.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


def digest(content: Mapping[str, Any]) -> str:
    """The SHA-256 of a content, in hexadecimal. Integers, texts, lists, mappings; no floats."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
