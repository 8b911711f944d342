"""Slurm's side of `suanquan-agent slurm`: its programs, its accounting, its clock."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from agents.commands.doctor import remedies
from agents.commands.doctor.check import SKEW_MAX_S, Check
from agents.errors import SourceError
from agents.sources.slurm.partitions import SACCT, SINFO, nodes_of, peaks_of, sighting_of

_PATIENCE_S = 20
_ERROR_MAX = 200
_OLDEST = (20, 11)
_TRIED = "22.05"
_SETTING = re.compile(r"^(\w+)\s*=\s*(.*?)\s*$", re.MULTILINE)
_AS_OF = re.compile(r"^Configuration data as of (\S+)", re.MULTILINE)
_VERSION = re.compile(r"slurm\S*\s+(\d+)\.(\d+)", re.ASCII)


def checks(now: datetime) -> Iterator[Callable[[], Check]]:
    """Yield the checks; those after the first ask Slurm. Raises SourceError."""
    yield _programs
    yield _version
    yield _answer
    settings: dict[str, str] = {}
    yield lambda: _clock(settings, now)
    yield lambda: _gpus(settings)
    yield lambda: _storage(settings)
    yield lambda: _privacy(settings)
    yield _partitions


def _programs() -> Check:
    missing = [name for name in ("sacct", "sinfo", "scontrol") if shutil.which(name) is None]
    if missing:
        words = ", ".join(missing)
        return Check(
            SourceError.exit_code if "sacct" in missing else 1,
            f"找不到 {words}：请在装有 Slurm 客户端（slurm-client）的主机上运行，"
            f"或把它的目录放进 PATH",
            f"{words} not found: run on a host with Slurm's clients (slurm-client), or put their "
            "folder into PATH",
        )
    return Check(0, "找到 sacct、sinfo、scontrol", "sacct, sinfo and scontrol are there")


def _version() -> Check:
    text = _call("sacct", "--version").strip()
    match = _VERSION.search(text)
    if match is None or (int(match[1]), int(match[2])) < _OLDEST:
        return Check(
            1,
            f"Slurm 的版本「{text[:40]}」没有试过（试过的是 {_TRIED}）：请先 --check "
            f"一个月的导出文件",
            f"version {text[:40]!r} was not tried ({_TRIED} was): check an export of a month first "
            "(--check)",
        )
    return Check(0, f"版本 {text}（试过的是 {_TRIED}）", f"version {text} ({_TRIED} was tried)")


def _answer() -> Check:
    text = _call("sacct", "-aXnP", "-S", "now-1days", "--format=JobIDRaw,AllocTRES")
    rows = [line for line in text.splitlines() if line]
    with_gpus = sum("gres/" in line for line in rows)
    if rows and not with_gpus:
        return Check(
            1,
            f"sacct 应答：一天内 {len(rows)} 个作业，没有一个写着 GPU",
            f"sacct answers: of {len(rows)} jobs within a day none says that it has GPUs",
        )
    return Check(
        0,
        f"sacct 应答：一天内 {len(rows)} 个作业，{with_gpus} 个有 GPU",
        f"sacct answers: {len(rows)} jobs within a day, {with_gpus} with GPUs",
    )


def _clock(settings: dict[str, str], now: datetime) -> Check:
    text = _call("scontrol", "show", "config")
    settings.update(_SETTING.findall(text))
    match = _AS_OF.search(text)
    try:
        their_time = datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None
    except ValueError:
        their_time = None
    skew = None if their_time is None else round((now - their_time).total_seconds())
    if skew is not None and abs(skew) > SKEW_MAX_S:
        return Check(
            1,
            f"本机时钟与 slurmctld 相差 {skew} 秒：请校时（NTP）；作业的起止按 slurmctld 的时钟",
            f"this machine's clock is {skew} s away from slurmctld's: set it by NTP; jobs are "
            "placed by slurmctld's clock",
        )
    return Check(0, "slurmctld 应答，时钟一致", "slurmctld answers, clocks agree")


def _gpus(settings: Mapping[str, str]) -> Check:
    tres = settings.get("AccountingStorageTRES", "")
    names = {name.strip().lower() for name in tres.split(",")}
    if "gres/gpu" not in names:
        zh, en = remedies.SLURM["no_gpus"]
        return Check(
            SourceError.exit_code,
            f"AccountingStorageTRES「{tres[:80]}」里没有 gres/gpu{zh}",
            f"AccountingStorageTRES {tres[:80]!r} lacks gres/gpu{en}",
        )
    types = sorted(name for name in names if name.startswith("gres/gpu:"))
    return Check(
        0,
        f"记账记 GPU（按型号：{'、'.join(types) or '没有'}）",
        f"accounting records GPUs (by type: {', '.join(types) or 'no'})",
    )


def _storage(settings: Mapping[str, str]) -> Check:
    storage, jobcomp = (settings.get(n, "") for n in ("AccountingStorageType", "JobCompType"))
    if not storage.endswith("slurmdbd"):
        zh, en = remedies.SLURM["no_database"]
        more = jobcomp.rpartition("/")[2] not in ("", "none")
        return Check(
            SourceError.exit_code,
            f"AccountingStorageType={storage}{zh}"
            + (f"；JobCompType={jobcomp} 的记录里没有 GPU，不能代替" if more else ""),
            f"AccountingStorageType={storage}{en}"
            + (f"; records of JobCompType={jobcomp} have no GPUs and do not do" if more else ""),
        )
    return Check(
        0,
        f"记账在 slurmdbd（JobCompType={jobcomp or '—'}，用不着）",
        f"accounting is with slurmdbd (JobCompType={jobcomp or '—'} is not needed)",
    )


def _privacy(settings: Mapping[str, str]) -> Check:
    private = {word.strip() for word in settings.get("PrivateData", "").split(",")}
    if private & {"jobs", "usage"} and os.geteuid() != 0:
        return Check(
            1,
            "PrivateData 让普通用户只看得到自己的作业：请以 root、SlurmUser "
            "或操作员（Operator）运行",
            "by PrivateData an ordinary user sees but his own jobs: run as root, SlurmUser or an "
            "operator",
        )
    return Check(0, "看得到所有用户的作业", "the jobs of all users can be seen")


def _partitions() -> Check:
    """Compare each partition's GPUs with what its jobs held at once within a day."""
    nodes = nodes_of(_call(*SINFO))
    peaks = peaks_of(_call(*SACCT))
    gpus = {name: sum(of_one.values()) for name, of_one in nodes.items()}
    listing = ", ".join(f"{name} {peaks.get(name, 0)}/{n}" for name, n in gpus.items())
    over = [name for name, n in gpus.items() if peaks.get(name, 0) > n]
    total = sighting_of(nodes, datetime.now(UTC)).gpus
    if over:
        return Check(
            1,
            f"分区 {'、'.join(over)} 的作业一天内同时占的 GPU 多于 sinfo 所说的（{listing}）："
            "节点是否改过配置、作业是否被挂起后又让出？多出来的会列为没有凭据的用量",
            f"jobs of {', '.join(over)} held more GPUs at once within a day than sinfo says "
            f"({listing}): were nodes changed, or jobs suspended and their GPUs given on? What is "
            "above a stated capacity is a finding",
        )
    return Check(
        0,
        f"各分区一天内同时最多占的 / 有的 GPU：{listing or '—'}；全集群 {total} 块"
        "（认定容量时写这个数）",
        f"GPUs held at once within a day / there are, by partition: {listing or '—'}; "
        f"{total} in all (that is the capacity to state)",
    )


def _call(*words: str) -> str:
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C", "SLURM_TIME_FORMAT": "standard"}
    try:
        process = subprocess.run(  # noqa: S603 - our own words, no shell
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=_PATIENCE_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"{words[0]} 运行失败：{error}", f"{words[0]} failed: {error}") from error
    if process.returncode != 0:
        why = process.stderr.decode(errors="replace").strip()[:_ERROR_MAX]
        raise SourceError(
            f"{words[0]} 退出码 {process.returncode}：{why}（slurmdbd、slurmctld "
            f"在运行吗？SLURM_CONF 对吗？）",
            f"{words[0]} exited with {process.returncode}: {why} (do slurmdbd and slurmctld run, "
            "and is SLURM_CONF right?)",
        )
    return process.stdout.decode(errors="replace")
