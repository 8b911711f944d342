"""The database takes the same digest of a decision's content as the program."""

from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from ledger.formats.digest import digest

NOT_IN_JSONB = {"blacklist_categories": ["Cs"], "blacklist_characters": ["\x00"]}
texts = st.text(st.characters(**NOT_IN_JSONB), max_size=8)  # type: ignore[arg-type]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(content=st.dictionaries(texts, values, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_digest(owner: psycopg.Connection, content: dict[str, Any]) -> None:
    query = "SELECT digest_of(%s)"
    assert owner.execute(query, (Jsonb(content),)).fetchone() == (digest(content),)
