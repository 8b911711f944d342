"""The sentences of contract lines, relations and statements; see `api/sentences.py`."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType({})
