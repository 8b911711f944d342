"""The digest by which a confirmation identifies what it confirms.

SHA-256 of the content as JSON with sorted keys and no spaces. Days and moments are written as ISO
8601.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 in hexadecimal of a mapping of integers, texts and lists (no floats)."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()
