"""Exporters: each is asked once, as `suanquan-agent dcgm` does, and what it says is looked at."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agents.commands.doctor import remedies
from agents.commands.doctor.check import SKEW_MAX_S, Check, skew_s
from agents.exporters.catalogue import BY_FAMILY, FAMILIES
from agents.exporters.client import Client, ScrapeFault, addresses_of
from agents.exporters.prometheus import Prometheus
from agents.exporters.samples import BrokenExposition, Sample, parse
from agents.exporters.settings import Address, ScrapeSettings
from agents.exporters.vendor import Labels, first_label

_VERSION = re.compile(
    r'^\w*(?:version|build)_info\{[^}\n]*?[vV]ersion="([^"\n]{1,40})"', re.MULTILINE
)
_THREADS = 16
_BACK = timedelta(minutes=2)  # a Prometheus server has what it scraped by then


@dataclass
class Answers:
    """What the exporters said: faults by exporter, rows by GPU."""

    names: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)
    rows: defaultdict[str, list[Labels]] = field(default_factory=lambda: defaultdict(list))
    families: set[str] = field(default_factory=set)

    def add(self, samples: Iterable[Sample]) -> None:
        """Take what one exporter says."""
        for sample in samples:
            uuid = BY_FAMILY[sample.family].device(sample.labels)
            if uuid is not None:
                self.rows[uuid].append(sample.labels)
                self.families.add(sample.family)


def checks(now: datetime) -> Iterator[Callable[[], Check]]:
    """Yield the checks; the first asks the exporters. Raises SettingsError."""
    answers = Answers()
    yield lambda: _reach(answers, now)
    for check in (_clocks, _version, _pods, _slices, _slots, _energy):
        yield lambda check=check: check(answers, now)  # type: ignore[misc]


def _reach(answers: Answers, now: datetime) -> Check:
    settings = ScrapeSettings.read(os.environ)
    if settings.prometheus is not None:
        _ask_prometheus(settings, answers, now)
    else:
        _ask_exporters(settings, answers)
    if answers.faults:
        words = Counter(answers.faults.values())
        advice = [remedies.SCRAPES.get(word.partition(":")[0], ("", "")) for word in words]
        zh = "；".join(f"{name} {word}" for name, word in answers.faults.items())
        return Check(
            1,
            f"有导出器没有完整回答（{zh}）{''.join(z for z, _ in advice)}",
            f"some exporters do not answer wholly ({zh.replace('；', '; ')})"
            + "".join(e for _, e in advice),
        )
    return Check(
        0,
        f"{len(answers.names)} 个导出器应答，{len(answers.rows)} 块 GPU",
        f"{len(answers.names)} exporters answer, {len(answers.rows)} GPUs",
    )


def _ask_exporters(settings: ScrapeSettings, answers: Answers) -> None:
    token, targets = settings.bearer(), list[tuple[Address, str]]()
    for address in settings.exporters:
        try:
            targets += [(address, ip) for ip in addresses_of(address.host, address.port)]
        except ScrapeFault as fault:
            answers.faults[address.host] = fault.word

    def ask(target: tuple[Address, str]) -> tuple[str, str] | ScrapeFault:
        address, ip = target
        with Client(address, ip, settings.context) as client:
            try:
                return client.get(address.path, token), client.date
            except ScrapeFault as fault:
                return fault

    with ThreadPoolExecutor(_THREADS) as pool:
        results = list(pool.map(ask, targets))
    for (address, ip), answer in zip(targets, results, strict=True):
        _take(answers, f"{address.host} {ip}:{address.port}", answer)


def _take(answers: Answers, name: str, answer: tuple[str, str] | ScrapeFault) -> None:
    answers.names.append(name)
    if isinstance(answer, ScrapeFault):
        answers.faults[name] = answer.word
        return
    text, answers.dates[name] = answer
    answers.versions.update(_VERSION.findall(text))
    try:
        samples = list(parse(text, FAMILIES))
    except BrokenExposition as error:
        answers.faults[name] = f"broken: {error}"
        return
    if not samples:
        answers.faults[name] = "no_gpus"
    answers.add(samples)


def _ask_prometheus(settings: ScrapeSettings, answers: Answers, now: datetime) -> None:
    server = Prometheus(settings)
    at = int((now - _BACK).timestamp()) // server.step_s * server.step_s
    try:
        for _, of_round in server.rounds(at, at):
            for name, answer in of_round.items():
                answers.names.append(name)
                if answer is None:
                    answers.faults[name] = "partial"
                else:
                    answers.add(answer.samples)
    except ScrapeFault as fault:
        answers.faults["Prometheus"] = fault.word
    finally:
        server.close()
    if not answers.names and not answers.faults:
        answers.faults["Prometheus"] = "no_gpus"


def _clocks(answers: Answers, now: datetime) -> Check:
    skews = {name: skew_s(date, now) for name, date in answers.dates.items()}
    wrong = {name: s for name, s in skews.items() if s is not None and abs(s) > SKEW_MAX_S}
    if wrong:
        listing = ", ".join(f"{name} {s} s" for name, s in wrong.items())
        return Check(
            1,
            f"时钟与导出器的节点相差 5 秒以上（{listing}）：请校时（NTP）；用量按本机的时钟记",
            f"our clock is more than 5 s away from nodes of exporters ({listing}): set them by "
            "NTP; use is placed by this machine's clock",
        )
    count = sum(s is not None for s in skews.values())
    return Check(
        0,
        f"时钟一致（{count} 个导出器说了时间）",
        f"clocks agree ({count} exporters tell the time)",
    )


def _version(answers: Answers, _now: datetime) -> Check:
    old = any(first_label(labels, "pod_name", "uuid") for labels in _labels(answers))
    if old:
        return Check(
            1,
            "导出器用旧的标签名（-o，或 2.0 以前）：照样读，但建议升级到 3.3 以后",
            "exporters write the old label names (-o, or before 2.0): they are read all the same; "
            "3.3 or later is better",
        )
    words = ", ".join(sorted(answers.versions)) or "—"
    return Check(
        0,
        f"导出器的版本：{words}（— 是没有说）",
        f"version of the exporters: {words} (—: not told)",
    )


def _pods(answers: Answers, _now: datetime) -> Check:
    by_gpu = {uuid: [r for r in rows if _pod(r)] for uuid, rows in answers.rows.items()}
    count = sum(bool(rows) for rows in by_gpu.values())
    if answers.rows and not count:
        return Check(
            1,
            "没有一行带 Pod 标签，所有用量都会「归属不明」：请给 dcgm-exporter 加 --kubernetes"
            "（DCGM_EXPORTER_KUBERNETES=true）并挂载 pod-resources 目录；"
            "此刻一个 Pod 也没有的集群除外",
            "no row has pod labels, so all use will be unattributed: give dcgm-exporter "
            "--kubernetes (DCGM_EXPORTER_KUBERNETES=true) and the pod-resources folder, unless no "
            "pod holds a GPU just now",
        )
    has_uid = any(r.get("pod_uid", "").strip() for rows in by_gpu.values() for r in rows)
    if count and not has_uid:
        return Check(
            0,
            f"{count} 块 GPU 带 Pod 标签，没有 pod_uid：同名的前后两个 Pod 是一个占用者；"
            "要分清请加 --kubernetes-enable-pod-uid",
            f"{count} GPUs bear pod labels without pod_uid: pods of one name are one holder; to "
            "tell them apart add --kubernetes-enable-pod-uid",
        )
    return Check(0, f"{count} 块 GPU 带 Pod 标签", f"{count} GPUs bear pod labels")


def _slices(answers: Answers, _now: datetime) -> Check:
    instances = {
        (uuid, r.get("GPU_I_ID", "").strip()): r.get("GPU_I_PROFILE", "").strip()
        for uuid, rows in answers.rows.items()
        for r in rows
        if r.get("GPU_I_ID", "").strip()
    }
    nameless = sorted({uuid for (uuid, _), profile in instances.items() if not profile})
    if nameless:
        return Check(
            1,
            f"MIG 实例没有规格标签 GPU_I_PROFILE（{'、'.join(nameless[:3])}），这些 GPU 读不了："
            "请升级 dcgm-exporter",
            f"MIG instances lack the label GPU_I_PROFILE ({', '.join(nameless[:3])}), so these "
            "GPUs cannot be read: upgrade dcgm-exporter",
        )
    gpus = len({uuid for uuid, _ in instances})
    return Check(
        0,
        f"{gpus} 块 GPU 切成 {len(instances)} 个 MIG 实例，都有规格",
        f"{gpus} GPUs are cut into {len(instances)} MIG instances, each with its profile",
    )


def _slots(answers: Answers, _now: datetime) -> Check:
    in_turn: list[str] = []
    slots = 0
    for uuid, rows in answers.rows.items():
        pods: defaultdict[str, set[str]] = defaultdict(set)
        for r in rows:
            slots += bool(r.get("vgpu", "").strip())
            if _pod(r) and not first_label(r, "vgpu", "dra_claim_name"):
                pods[r.get("GPU_I_ID", "")].add(_pod(r))
        if any(len(names) > 1 for names in pods.values()):
            in_turn.append(uuid)
    if in_turn:
        return Check(
            1,
            f"几个 Pod 分时共用一块卡而没有 vgpu 标签（{'、'.join(in_turn[:3])}），"
            "会「归属不明」：请给 dcgm-exporter 加 --kubernetes-virtual-gpus",
            f"pods share a GPU without the label vgpu ({', '.join(in_turn[:3])}), so it will be "
            "unattributed: give dcgm-exporter --kubernetes-virtual-gpus",
        )
    return Check(
        0,
        "分时共用的份有 vgpu 标签"
        if slots
        else "没有看到分时共用（用的话请加 --kubernetes-virtual-gpus）",
        "slots bear the label vgpu"
        if slots
        else "no GPU is shared by time (if some are, add --kubernetes-virtual-gpus)",
    )


def _energy(answers: Answers, _now: datetime) -> Check:
    if answers.rows and not any("ENERGY" in family for family in answers.families):
        return Check(
            1,
            "没有能耗计数（DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION）：导出器一直答旧的就查不出来；"
            "vGPU 没有它，其余请加进计数器文件",
            "no energy counter (DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION): an exporter that goes on "
            "answering what it had is not found out; a vGPU has none, else add it to the counters",
        )
    return Check(
        0, "有能耗计数，旧的回答查得出来", "there is an energy counter: old answers are found out"
    )


def _labels(answers: Answers) -> Iterator[Labels]:
    for rows in answers.rows.values():
        yield from rows


def _pod(labels: Mapping[str, str]) -> str:
    return first_label(labels, "exported_pod", "pod", "pod_name")
