"""The same samples from a Prometheus server, by `query_range`, for sites that offer only that.

Prometheus keeps what it scraped, so an outage of ours is caught up with, step by step. Three of its
habits matter:

- A query looks back five minutes for a value, so a dead exporter would live on. We ask for
  `last_over_time(…[the interval and five seconds])`, which looks back one scrape.
- With `honor_labels: false` it moves the exporter's `pod` to `exported_pod` and writes the target's
  own in its place, also where the exporter named none. So the target's labels, those of `up`, are
  asked for as well; without them nobody knows whose pod it is, and the target counts as away.
- Thanos and its kind may answer in part, with a warning. An answer in part is none.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode

import msgspec

from agents.exporters.catalogue import FAMILIES
from agents.exporters.client import Client, ScrapeFault, addresses_of
from agents.exporters.fleet import Answer, Answers
from agents.exporters.samples import Sample
from agents.exporters.settings import ScrapeSettings

STEPS_MAX = 20  # of one query
_BYTES_MAX = 64 * 1024 * 1024
_SLACK_S = 5
_UP = "up"


class _Series(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Data(msgspec.Struct):
    result: list[_Series]


class _Reply(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] | None = None


class Prometheus:
    """A Prometheus server, or what speaks like one."""

    def __init__(self, settings: ScrapeSettings) -> None:
        if settings.prometheus is None:
            raise ValueError("the settings name no Prometheus server")
        self._settings, self._address = settings, settings.prometheus
        self._client: Client | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def rounds(self, first_s: int, last_s: int) -> Iterator[tuple[int, Answers]]:
        """Return the answers of each step, with its time in ms since 1970. Raises ScrapeFault."""
        window = self._settings.every_s + _SLACK_S
        names = "|".join(sorted(FAMILIES))
        series = self._query(f'last_over_time({{__name__=~"{names}"}}[{window}s])', first_s, last_s)
        jobs = "|".join(sorted({re.escape(item.metric.get("job", "")) for item in series}))
        matcher = jobs.replace("\\", "\\\\").replace('"', '\\"')
        ups = self._query(f'{_UP}{{job=~"{matcher}"}}', first_s, last_s) if series else []
        targets = _targets(ups)
        steps: defaultdict[int, dict[str, list[Sample]]] = defaultdict(dict)
        for item in series:
            family = item.metric.get("__name__", "")
            exporter = _exporter(item.metric)
            for at_s, value in item.values:
                sample = Sample(family, item.metric, _number(value))
                steps[round(at_s)].setdefault(exporter, []).append(sample)
        for at_s in range(first_s, last_s + 1, self._settings.every_s):
            yield (
                at_s * 1000,
                {
                    exporter: Answer(samples, targets[exporter]) if exporter in targets else None
                    for exporter, samples in steps[at_s].items()
                },
            )

    def _query(self, expression: str, first_s: int, last_s: int) -> list[_Series]:
        words = {"query": expression, "start": first_s, "end": last_s,
                 "step": self._settings.every_s}  # fmt: skip
        path = f"{self._address.path}/api/v1/query_range?{urlencode(words)}"
        try:
            text = self._connect().get(path, self._settings.bearer(), bytes_max=_BYTES_MAX)
            reply = msgspec.json.decode(text.encode(), type=_Reply)
        except ScrapeFault:
            self.close()
            raise
        except msgspec.DecodeError as error:
            raise ScrapeFault("broken", str(error)) from error
        if reply.status != "success" or reply.data is None:
            raise ScrapeFault("broken", reply.error[:200])
        if reply.warnings:
            raise ScrapeFault("partial", "; ".join(reply.warnings)[:200])
        return reply.data.result

    def _connect(self) -> Client:
        if self._client is None:
            ip = addresses_of(self._address.host, self._address.port)[0]
            self._client = Client(self._address, ip, self._settings.context, timeout_s=30)
        return self._client


def _exporter(labels: dict[str, str]) -> str:
    return f"{labels.get('job', '')}/{labels.get('instance', '')}"


def _targets(ups: Iterable[_Series]) -> dict[str, dict[str, frozenset[str]]]:
    """Return the labels of each target; more than one value where it had several in the span."""
    targets: dict[str, dict[str, frozenset[str]]] = {}
    for item in ups:
        labels = targets.setdefault(_exporter(item.metric), {})
        for name, value in item.metric.items():
            labels[name] = labels.get(name, frozenset()) | {value}
    return targets


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan
