"""AllocTRES: how many GPUs, slices and shards a run was given.

Slurm writes one total and, where the administrator records types, one entry for each type:
`billing=1,cpu=1,gres/gpu:h100=2,gres/gpu=2,mem=100M,node=1`. The two say the same GPUs twice, so
the types count and the total only adds what no type names. Without any such entry the count is
unknown: a job without GPUs and a cluster that does not record them look alike.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from agents import wire
from agents.sources.slurm.fault import BadCell, short

UNSPECIFIED = "unspecified"  # the model where the type is not recorded
DEVICES_MAX = 100_000  # of one run: more is an error
COLUMN = "AllocTRES"

_ITEM = re.compile(r"([a-z]+(?:/[^=,\s]+)?)=(\d{1,20})(\.\d+)?([KMGTPE]?)", re.ASCII)
_SLICE = re.compile(r"(?:(.+?)[_.:-])?(\d{1,2}g\.\d{1,3}gb(?:[+.]me(?:\.all)?)?)", re.ASCII)


class Devices(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """`count` devices of one kind, of each of which the run holds num/den."""

    count: int
    model: str = UNSPECIFIED
    mig_profile: str | None = None
    num: int = 1
    den: int = 1


@lru_cache(maxsize=4096)
def devices(text: str, shards_per_gpu: int | None = None) -> tuple[Devices, ...] | None:
    """Return what AllocTRES gives, in a fixed order; None if it does not say.

    A shard is a share of a GPU; how many make one is known to slurm.conf alone. Raises BadCell.
    """
    counts = _counts(text)
    gpus = {k.removeprefix("gpu").lstrip(":"): n for k, n in counts.items() if _is_of(k, "gpu")}
    shards = {
        k.removeprefix("shard").lstrip(":"): n for k, n in counts.items() if _is_of(k, "shard")
    }
    if any(gpus.values()) and any(shards.values()):
        raise _bad(text, "同时写了 gpu 与 shard", "has both gpu and shard")
    parts = [_device(name, count) for name, count in _kinds(gpus, text)]
    if any(shards.values()):
        if shards_per_gpu is None:
            return None
        for name, n in _kinds(shards, text):
            parts += _shards(name, n, shards_per_gpu)
    if not gpus and not shards:
        return None
    return tuple(sorted(parts, key=lambda d: (d.model, d.mig_profile or "", d.count)))


def _counts(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in text.split(",") if text else ():
        match = _ITEM.fullmatch(item)
        if match is None:
            raise _bad(
                text, f"「{short(item)}」不是「名=数」", f"{short(item)!r} is not name=count"
            )
        name, number, fraction, unit = match.groups()
        if not name.startswith("gres/"):
            continue
        name = name.removeprefix("gres/")
        if not (_is_of(name, "gpu") or _is_of(name, "shard")):
            continue
        if fraction or unit or int(number) > DEVICES_MAX:
            raise _bad(text, f"「{short(item)}」不是个数", f"{short(item)!r} is no count")
        if name in counts:
            raise _bad(text, f"「{short(name)}」写了两次", f"{short(name)!r} stands there twice")
        counts[name] = int(number)
    return counts


def _is_of(name: str, gres: str) -> bool:
    return name == gres or name.startswith(f"{gres}:")


def _kinds(counts: dict[str, int], text: str) -> list[tuple[str, int]]:
    """Return (type, count) of each kind; what the total has beyond the types has no type."""
    kinds = [(name, n) for name, n in counts.items() if name and n]
    typed = sum(n for _, n in kinds)
    total = counts.get("", typed)
    if typed > total:
        raise _bad(
            text,
            f"各型号合计 {typed}，多于总数 {total}",
            f"types sum to {typed}, more than {total}",
        )
    return [*kinds, ("", total - typed)] if total > typed else kinds


def _device(name: str, count: int) -> Devices:
    match = _SLICE.fullmatch(name)
    if match is None:
        return Devices(count, _model(name))
    model, profile = match.groups()
    return Devices(count, _model(model or ""), profile)


def _shards(name: str, count: int, shards_per_gpu: int) -> list[Devices]:
    """Return whole GPUs and one share: which GPUs' shards they are is not recorded."""
    whole, rest = divmod(count, shards_per_gpu)
    kinds = [Devices(whole, _model(name))] if whole else []
    return [*kinds, Devices(1, _model(name), None, rest, shards_per_gpu)] if rest else kinds


def _model(name: str) -> str:
    return name[: wire.MODEL_MAX] if name else UNSPECIFIED


def _bad(text: str, zh: str, en: str) -> BadCell:
    place = short(text)
    return BadCell(COLUMN, f"「{place}」：{zh}", f"{place!r} {en}")
