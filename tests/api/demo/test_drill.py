"""Made-up parties pass every check that real ones do, and are never mistaken for them."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.demo import drill
from ledger.formats.uscc import uscc_fault
from ledger.policy.decide.engine import decide
from ledger.policy.text.published import load
from ledger.registry.rules import registry_file as registry

FACTS = {
    "clusters": [
        {
            "name": "yc-k8s",
            "source": "nvml",
            "since": "2026-03-14",
            "nodes": [
                {"node": "n1", "gpus": ["GPU-00000000-0000-0000-0000-000000000001"]},
                {"node": "n2", "gpus": ["GPU-00000000-0000-0000-0000-000000000002"]},
            ],
        },
        {
            "name": "yc-slurm",
            "source": "slurm",
            "since": "2026-01-21",
            "nodes": [{"node": "slurmctl", "gpus": []}],
        },
    ]
}
ONCE: list[drill.Document] = [
    {"gpu": "GPU-00000000-0000-0000-0000-000000000001", "fault": None, "model": "NVIDIA H100"},
    {"gpu": "GPU-00000000-0000-0000-0000-000000000002", "fault": None, "model": "NVIDIA H100"},
    {"gpu": "GPU-00000000-0000-0000-0000-000000000003", "fault": "gpu_lost", "devices": []},
]


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_made_up_code_is_valid_and_follows_from_the_name(name: str, other: str) -> None:
    code = drill.made_up_code(name)
    assert uscc_fault(code) is None
    assert (code == drill.made_up_code(other)) == (name == other)


@pytest.mark.parametrize(
    "document",
    [
        drill.trace_registry("某中心", "cluster", ["a", "乙"], ["A800", "unspecified"], "12.5"),
        drill.demo_registry(FACTS),
        drill.local_registry("host", ONCE, date(2026, 3, 18)),
    ],
    ids=["trace", "demo", "this machine"],
)
def test_every_registry_file_of_ours_is_without_fault(document: drill.Document) -> None:
    read, findings = registry.read(json.dumps(document, ensure_ascii=False))
    assert findings == []
    assert read is not None
    listed = {gpu.entry.gpu for gpu in read.gpus}
    assert "GPU-00000000-0000-0000-0000-000000000003" not in listed
    assert all(item.entry.drill for item in read.projects)
    for item in read.organisations:
        assert any(word in item.entry.name for word in ("演练", "虚构", "未登记"))


def test_the_demo_centre_is_simulated_and_binds_each_holder_once() -> None:
    document = drill.demo_registry(FACTS)
    assert [centre["simulated"] for centre in document["centres"]] == [True]
    holders = [(b["cluster"], str(b["holder"])) for b in document["bindings"]]
    assert len(holders) == len(set(holders)) == 7


def test_the_facts_said_for_the_drill_are_eligible() -> None:
    version = load(drill.POLICY)
    vouchers = [*drill.demo_vouchers(), *drill.trace_vouchers(["x"])]
    assert {voucher.clause for voucher in vouchers} == {"09-1", "14-1"}
    for voucher in vouchers:
        assert decide(version, voucher.clause, voucher.facts).result == "eligible"
