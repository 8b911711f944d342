"""Names and labels: two releases never meet, and an upgrade changes nothing that cannot change."""

import re

import pytest

from tests.support.charts import (
    CASES,
    WORKLOADS,
    Document,
    example,
    manifests,
    refusal,
    render,
)

NAMES = ["one", "a" * 53, "b" + "a" * 52, "4cards", "my.release", "my-release"]
LABEL_MAX = 63
STATEFUL_MAX = 52  # and CronJobs: what Kubernetes adds to their names has to be a label still
SCOPED = {"ClusterRole", "ClusterRoleBinding"}
DNS_LABEL = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")  # of a Service; all others allow more


def release(case: str, name: str, namespace: str = "suanquan") -> list[Document]:
    return render(case.partition("/")[0], example(case), name=name, namespace=namespace)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_every_name_is_one_whatever_the_release_is_called(case: str, name: str) -> None:
    for document in release(case, name):
        kind, own = document["kind"], document["metadata"]["name"]
        if kind in SCOPED:
            continue
        limit = STATEFUL_MAX if kind in {*WORKLOADS, "CronJob"} else LABEL_MAX
        assert DNS_LABEL.fullmatch(own), (kind, own)
        assert len(own) <= limit, (kind, own)
        for value in document["metadata"]["labels"].values():
            assert len(value) <= LABEL_MAX


def identities(documents: list[Document]) -> set[tuple[str, str, str]]:
    return {
        (d["kind"], d["metadata"].get("namespace", ""), d["metadata"]["name"]) for d in documents
    }


@pytest.mark.parametrize("case", CASES)
def test_releases_of_one_namespace_share_no_object(case: str) -> None:
    earlier: set[tuple[str, str, str]] = set()
    for name in NAMES:
        own = identities(release(case, name))
        assert not own & earlier, name
        earlier |= own


@pytest.mark.parametrize("case", CASES)
def test_releases_of_two_namespaces_share_nothing_of_the_cluster(case: str) -> None:
    """Where names were joined by a hyphen, these two would have been one."""
    first, second = (identities(release(case, *place)) for place in (("b-c", "a"), ("c", "a-b")))
    assert not first & second


@pytest.mark.parametrize("case", CASES)
def test_every_object_stands_in_the_releases_namespace(case: str) -> None:
    for document in release(case, "one", "elsewhere"):
        scoped = document["kind"] in SCOPED
        assert document["metadata"].get("namespace") == (None if scoped else "elsewhere")


def selectors(documents: list[Document]) -> dict[tuple[str, str], object]:
    """What no upgrade may change: the API server refuses it."""
    return {
        (d["kind"], d["metadata"]["name"]): (
            d["spec"]["selector"],
            d["spec"].get("serviceName"),
            d["spec"].get("volumeClaimTemplates"),
        )
        for d in documents
        if d["kind"] in WORKLOADS - {"Job"}
    }


@pytest.mark.parametrize("case", CASES)
def test_a_new_version_of_the_chart_keeps_what_cannot_change(case: str) -> None:
    old, new = manifests(case), render(case.partition("/")[0], example(case), version="9.9.9+new")
    assert selectors(old) == selectors(new)
    for document in new:
        if document["kind"] in WORKLOADS:
            labels = document["spec"]["template"]["metadata"]["labels"]
            selector = document["spec"].get("selector", {}).get("matchLabels", {})
            assert selector.items() <= labels.items()
            assert "app.kubernetes.io/version" not in selector
            assert "helm.sh/chart" not in selector


@pytest.mark.parametrize("label", ["app.kubernetes.io/name", "helm.sh/chart"])
@pytest.mark.parametrize("case", CASES)
def test_a_label_of_the_chart_cannot_be_replaced(case: str, label: str) -> None:
    values = {**example(case), "podLabels": {label: "mine"}}
    assert label in refusal(case.partition("/")[0], values)
