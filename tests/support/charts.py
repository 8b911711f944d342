"""The charts as Helm renders them, offline: documents by kind, for every set of example values."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import helm_python
import yaml

from tests.support.paths import ROOT

HELM = ROOT / "helm"
CHARTS = sorted(folder.parent.name for folder in HELM.glob("*/Chart.yaml"))
CASES = sorted(
    f"{file.parts[-3]}/{file.name.removesuffix('-values.yaml')}"
    for file in HELM.glob("*/ci/*-values.yaml")
)
"""Each chart with each file of example values, such as `suanquan-agent/node`."""

Document = dict[str, Any]
WORKLOADS = {"DaemonSet", "Deployment", "StatefulSet", "Job"}  # with a pod template


def folder(chart: str) -> Path:
    return HELM / chart


def example(case: str) -> Document:
    """The values of a case."""
    chart, _, name = case.partition("/")
    return read(folder(chart) / "ci" / f"{name}-values.yaml")


def read(file: Path) -> Document:
    content: Document = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


def lint(chart: str, values: Document) -> list[str]:
    """What a strict lint finds fault with."""
    report = helm_python.lint(folder(chart), values, strict=True)
    warning = 2
    words = [m["error"] for m in report["messages"] if m["severity"] >= warning]
    return [*words, *(report["errors"] or [])]


@cache
def _texts(chart: str, values: str, name: str, namespace: str) -> dict[str, str]:
    with helm_python.Chart.load(chart) as loaded_chart:
        texts: dict[str, str] = loaded_chart.render(
            json.loads(values), name=name, namespace=namespace
        )
        return {path.partition("/templates/")[2]: text for path, text in texts.items()}


def render(
    chart: str,
    values: Document,
    *,
    name: str = "one",
    namespace: str = "suanquan",
    version: str | None = None,
) -> list[Document]:
    """The manifests of a release, tests and hooks too; `version` is another one of the chart."""
    with _versioned(folder(chart), version) as place:
        texts = _texts(str(place), json.dumps(values, sort_keys=True), name, namespace)
    return [
        document
        for path, text in texts.items()
        if path != "NOTES.txt"
        for document in yaml.load_all(text, _Strict)
        if document
    ]


@contextmanager
def _versioned(chart: Path, version: str | None) -> Iterator[Path]:
    """The chart's folder, or a copy that says it is another version."""
    if version is None:
        yield chart
        return
    with TemporaryDirectory() as place:
        copy = shutil.copytree(chart, Path(place) / chart.name)
        about = read(copy / "Chart.yaml") | {"version": version, "appVersion": version}
        (copy / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
        yield copy


def notes(case: str) -> str:
    chart = case.partition("/")[0]
    values = json.dumps(example(case), sort_keys=True)
    return _texts(str(folder(chart)), values, "one", "suanquan")["NOTES.txt"]


def manifests(case: str) -> list[Document]:
    return render(case.partition("/")[0], example(case))


def refusal(chart: str, values: Document) -> str:
    """Why these values are refused, or an empty text."""
    try:
        render(chart, values)
    except helm_python.HelmError as error:
        return str(error)
    return ""


def pods(documents: list[Document]) -> Iterator[tuple[str, Document]]:
    """Each pod's name and specification."""
    for document in documents:
        if document["kind"] in WORKLOADS:
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]
        elif document["kind"] == "CronJob":
            job = document["spec"]["jobTemplate"]["spec"]
            yield document["metadata"]["name"], job["template"]["spec"]
        elif document["kind"] == "Pod":
            yield document["metadata"]["name"], document["spec"]


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    return [document for document in documents if document["kind"] == kind]


def labels_of_pods(documents: list[Document]) -> list[dict[str, str]]:
    return [
        (d["spec"]["template"] if d["kind"] in WORKLOADS else d)["metadata"]["labels"]
        for d in documents
        if d["kind"] in WORKLOADS | {"Pod"}
    ]


class _Strict(yaml.SafeLoader):
    """Refuses a mapping that says the same key twice, as API servers do."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT002
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}{node.start_mark}"
        return super().construct_mapping(node, deep)
