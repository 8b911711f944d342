"""What the agents write, prometheus-client's parser reads: every byte of it, and nothing more."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from agents.commands import cluster, health, relay
from agents.commands.cluster import WitnessHealth
from agents.commands.health import Health
from agents.commands.relay import RelayPages
from agents.exposition import Family, Sample, kinds, our, write
from agents.relay.door import Desk
from agents.relay.forwarder import Forwarder
from agents.relay.queue import Queue
from agents.reporting.spool import Spool
from agents.witness.view import View, now_utc
from tests.support.paths import ROOT
from tests.support.source.trees import tree_of

HOSTILE = [
    'a"} 1\nsuanquan_agent_gpus 99\n#',
    "\\",
    "\\n",
    'end with a backslash\\"',
    "\r\n\x00\x85\u2028",
    "训练 'é' 🂡",
    '{x="y"}',
    "  spaces  ",
    "",
]


@pytest.mark.parametrize("word", HOSTILE)
def test_a_hostile_label_stays_one_label_of_one_line(word: str) -> None:
    page = write([our("a_total", word, [Sample(3, {"kind": word, "other": "b"})])])
    assert page.count("\n") == 3
    (family,) = text_string_to_metric_families(page)
    (sample,) = family.samples
    assert (sample.name, sample.labels, sample.value) == (
        "a_total",
        {"kind": word, "other": "b"},
        3,
    )


FIGURES = st.integers(-(2**53), 2**53) | st.floats(-1e300, 1e300) | st.just(float("inf"))


@given(st.text(), st.text(), FIGURES)
def test_whatever_stands_in_it_comes_back(label: str, text: str, value: float) -> None:
    page = write([Family("a", "gauge", text, [Sample(value, {"kind": label})]), our("b", "x", [])])
    family, empty = text_string_to_metric_families(page)
    (sample,) = family.samples
    assert sample.labels == {"kind": label.encode(errors="replace").decode()}
    assert sample.value == pytest.approx(value, rel=1e-14)
    assert empty.samples == []
    page.encode()


def test_a_large_count_keeps_its_last_digit() -> None:
    assert write([our("a_total", "x", kinds({"": 2**53 - 1}))]).endswith(f"\na_total {2**53 - 1}\n")


def test_half_a_surrogate_pair_does_not_stop_the_page() -> None:
    page = write([our("a", "x", kinds({"\ud800": 1}))])
    assert '{kind="?"}' in page.encode().decode()


CODE = 'x"} 1\nsuanquan_agent_gpus 99'


def test_every_page_of_the_agents_is_read_back_with_a_hostile_server(tmp_path: Path) -> None:
    """The code of a refusal is the server's word, or that of whoever stands in its place."""
    with Spool(tmp_path / "spool.db") as spool:
        agent, witness = Health(spool), WitnessHealth(spool, View((), now_utc), [])
        for pages in (agent, witness):
            pages.record_refusal(CODE)
            refusals = families(pages.metrics())["suanquan_agent_server_refuses"].samples
            assert [(s.labels, s.value) for s in refusals] == [({"kind": CODE}, 1)]
        names = set(families(agent.metrics()))
        assert names == {f"suanquan_agent_{n.removesuffix('_total')}" for n in health.HELP}
        names = set(families(witness.metrics()))
        assert names == {f"suanquan_agent_{n.removesuffix('_total')}" for n in cluster.HELP}


def test_the_page_of_a_relay_is_read_back(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "relay.db", 2**20)
    try:
        desk = Desk(queue, Forwarder(queue, None), None)
        page = families(RelayPages(desk, 2**20).metrics())
    finally:
        queue.close()
    assert set(page) == {f"suanquan_relay_{name.removesuffix('_total')}" for name in relay.HELP}
    assert page["suanquan_relay_queue_bytes_max"].samples[0].value == 2**20
    assert page["suanquan_relay_forwarded"].type == "counter"


def test_nobody_else_writes_this_format() -> None:
    for path in (ROOT / "agents").rglob("*.py"):
        if path.name != "exposition.py":
            tree = tree_of(path)
            words = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
            assert not any("# TYPE " in w for w in words if isinstance(w, str)), path


def families(page: str) -> dict[str, Any]:
    return {family.name: family for family in text_string_to_metric_families(page)}
