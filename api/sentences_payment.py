"""The sentences of payment, refunds and recoveries; see `api/sentences.py`."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType({})
