"""The sentences of claims, publication and objections; see `api/sentences.py`."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType({})
