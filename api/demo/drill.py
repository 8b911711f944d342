"""Made-up parties, as registry files: for replays of job traces, and for the demo's centre.

A trace names accounts and a person names a centre and a price; everything else that the registry
wants to know is invented here and says 演练 or 虚构 in its name. The codes of the made-up
organisations follow from their names and pass the check of GB 32100, but the body that they name
does not exist. What the server has already under the same name stays as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from ledger.formats.uscc import ALPHABET, check_digit

POLICY = "yinchuan-2024-drill"
_NOTHING_YET = {"compute_cost_fen": 0, "paid_before_fen": 0}
MODEL_FACTS: dict[str, Any] = {  # said for the drill, of every made-up model project
    "subject_kind": "enterprise",
    "legal_person": True,
    "landed_in_city": True,
    "parameters": 10_000_000_000,
    "scenarios": 5,
    **_NOTHING_YET,
}
TEAM_FACTS: dict[str, Any] = {
    "subject_kind": "talent",
    "talent_category": "national_plan",
    **_NOTHING_YET,
}

SINCE_EVER = "2000-01-01"  # several traces of one centre may come in any order
_REGISTERED_IN = "91640100"  # an enterprise, registered with the market department of Yinchuan
_TAX_RATE = "0.06"

Document = dict[str, Any]


@dataclass(frozen=True)
class Voucher:
    """Which clause a made-up project draws on, and the facts said for it."""

    project: str
    clause: str
    facts: dict[str, Any]


def made_up_code(name: str) -> str:
    """A valid 统一社会信用代码 that follows from a name."""
    number = int.from_bytes(sha256(name.encode()).digest()[:8])
    nine = "".join(ALPHABET[number // len(ALPHABET) ** i % len(ALPHABET)] for i in range(9))
    return _REGISTERED_IN + nine + check_digit(_REGISTERED_IN + nine)


def organisation(name: str) -> Document:
    """A made-up legal person."""
    return {"uscc": made_up_code(name), "name": name}


def project(code: str, name: str, kind: str, owner: str) -> Document:
    """A made-up project of a made-up organisation."""
    return {
        "code": code,
        "name": name,
        "kind": kind,
        "organisation": made_up_code(owner),
        "drill": True,
    }


# --- a job trace ----------------------------------------------------------------------------


def trace_registry(
    centre: str, cluster: str, accounts: Iterable[str], models: Iterable[str], yuan: str
) -> Document:
    """All that a trace needs: each Slurm account is a project, at one price a GPU-hour."""
    operator = f"{centre}（演练运营单位）"
    codes = list(accounts)
    price = {"unit": "gpu-hour", "yuan": yuan, "tax_included": False, "tax_rate": _TAX_RATE}
    return {
        "organisations": [
            organisation(operator),
            *(organisation(_trace_owner(code)) for code in codes),
        ],
        "centres": [{"name": centre, "organisation": made_up_code(operator)}],
        "clusters": [
            {
                "name": cluster,
                "centre": centre,
                "billing": [{"source": "import", "from": SINCE_EVER}],
            }
        ],
        "catalogue": [{"model": name, "names": [{"nvml": name}]} for name in models],
        "projects": [
            project(code, f"{code}（演练项目）", "model", _trace_owner(code)) for code in codes
        ],
        "contracts": [
            {
                "number": f"演练/{cluster}/{code}",
                "centre": centre,
                "project": code,
                "from": SINCE_EVER,
                "prices": [price],
            }
            for code in codes
        ],
        "bindings": [
            {"cluster": cluster, "holder": {"slurm": code}, "project": code, "from": SINCE_EVER}
            for code in codes
        ],
    }


def trace_vouchers(accounts: Iterable[str]) -> list[Voucher]:
    """Every project of a trace is taken for a large model of article 9."""
    return [Voucher(code, "09-1", MODEL_FACTS) for code in accounts]


def _trace_owner(code: str) -> str:
    return f"{code}（演练单位）"


# --- the demo's centre ----------------------------------------------------------------------

DEMO_CENTRE = "沙湖智算中心（虚构）"
_K8S, _SLURM = "yc-k8s", "yc-slurm"
_A800, _L20, _H200 = "A800-80G", "L20-48G", "H200-141G"

# code: name, kind, namespace of yc-k8s, account of yc-slurm
_DEMO_PROJECTS = {
    "helan": ("贺兰山语言大模型（虚构）", "model", "helan-llm", "helan"),
    "saishang": ("塞上语音大模型（虚构）", "model", "saishang-speech", None),
    "fenghuang": ("凤凰城视觉大模型（虚构）", "model", "fenghuang-vision", "fenghuang"),
    "qin-team": ("秦渠智能驾驶人才团队（虚构）", "team", "qin-team", "qin-team"),
}
_DEMO_CATALOGUE = [
    {
        "model": _A800,
        "names": [
            {"nvml": "NVIDIA A800-SXM4-80GB"},
            *(
                {"nvml": "NVIDIA A800-SXM4-80GB", "mig_profile": profile}
                for profile in ("3g.40gb", "2g.20gb", "1g.10gb")
            ),
        ],
    },
    {"model": _L20, "names": [{"nvml": "NVIDIA L20"}]},
    {"model": _H200, "names": [{"nvml": "NVIDIA H200"}]},
]


def demo_registry(facts: Document) -> Document:
    """The made-up centre as `suanquan-agent demo --describe` tells of it, with its parties."""
    first = min(date.fromisoformat(cluster["since"]) for cluster in facts["clusters"])
    since = f"{first.replace(day=1)}"  # contracts are for whole months
    operator = f"{DEMO_CENTRE}运营单位"
    return {
        "organisations": [
            organisation(operator),
            *(organisation(demo_owner(c)) for c in _codes()),
        ],
        "centres": [
            {
                "name": DEMO_CENTRE,
                "organisation": made_up_code(operator),
                "simulated": True,
            }
        ],
        "clusters": [
            {
                "name": cluster["name"],
                "centre": DEMO_CENTRE,
                "billing": [{"source": cluster["source"], "from": cluster["since"]}],
            }
            for cluster in facts["clusters"]
        ],
        "catalogue": _DEMO_CATALOGUE,
        "gpus": [
            {"gpu": gpu, "cluster": cluster["name"], "node": node["node"], "from": cluster["since"]}
            for cluster in facts["clusters"]
            for node in cluster["nodes"]
            for gpu in node["gpus"]
        ],
        "projects": [
            project(code, name, kind, demo_owner(code))
            for code, (name, kind, *_) in _DEMO_PROJECTS.items()
        ],
        "contracts": [_demo_contract(code, since) for code in _codes()],
        "bindings": list(_demo_bindings(since)),
    }


def demo_capacities(facts: Document) -> list[Document]:
    """How many GPUs a cluster has whose source names jobs and no GPU."""
    return [
        {
            "cluster": cluster["name"],
            "gpus": cluster["capacity"],
            "since": cluster["since"],
            "evidence": "演练",
        }
        for cluster in facts["clusters"]
        if "capacity" in cluster
    ]


def demo_vouchers() -> list[Voucher]:
    """Models draw on article 9, the talent team on article 14."""
    return [
        Voucher(code, "14-1", TEAM_FACTS) if kind == "team" else Voucher(code, "09-1", MODEL_FACTS)
        for code, (_, kind, *_) in _DEMO_PROJECTS.items()
    ]


def _codes() -> list[str]:
    return list(_DEMO_PROJECTS)


def demo_owner(code: str) -> str:
    """The made-up organisation behind a made-up project."""
    return f"{_DEMO_PROJECTS[code][0]}建设单位"


def _demo_contract(code: str, since: str) -> Document:
    return {
        "number": f"演练/{DEMO_CENTRE}/{code}",
        "centre": DEMO_CENTRE,
        "project": code,
        "from": since,
        "prices": [
            _price("node-month", "29800", _A800, gpus_per_node=8)
            if code == "helan"
            else _price("gpu-hour", "7.50", _A800, mig_profile="whole"),
            *(
                _price("gpu-hour", yuan, _A800, mig_profile=profile)
                for profile, yuan in (("3g.40gb", "3.80"), ("2g.20gb", "2.00"), ("1g.10gb", "1.10"))
            ),
            _price("gpu-hour", "4.20", _L20),
            _price("node-hour", "512.00", _H200, gpus_per_node=8),
        ],
    }


def _price(unit: str, yuan: str, model: str, **more: object) -> Document:
    return {
        "unit": unit,
        "yuan": yuan,
        "tax_included": True,
        "tax_rate": _TAX_RATE,
        "model": model,
        **more,
    }


def _demo_bindings(since: str) -> Iterable[Document]:
    for code, (_, _, namespace, account) in _DEMO_PROJECTS.items():
        holders = [(_K8S, {"pod": namespace})] + ([(_SLURM, {"slurm": account})] * bool(account))
        for cluster, holder in holders:
            yield {"cluster": cluster, "holder": holder, "project": code, "from": since}


# --- this machine ---------------------------------------------------------------------------

LOCAL_CENTRE, LOCAL_CLUSTER = "本机", "local"


def local_registry(node: str, gpus: Iterable[Document], today: date) -> Document:
    """This machine as a centre: its GPUs as the driver shows them, each model under its own name.

    They should report from today on; nobody has a contract yet.
    """
    sound = [gpu for gpu in gpus if not gpu["fault"]]
    operator = f"{LOCAL_CENTRE}（未登记单位）"
    return {
        "organisations": [organisation(operator)],
        "centres": [{"name": LOCAL_CENTRE, "organisation": made_up_code(operator)}],
        "clusters": [
            {
                "name": LOCAL_CLUSTER,
                "centre": LOCAL_CENTRE,
                "billing": [{"source": "nvml", "from": SINCE_EVER}],
            }
        ],
        "catalogue": [
            {"model": model, "names": [{"nvml": model}]}
            for model in {gpu["model"] for gpu in sound}
        ],
        "gpus": [
            {"gpu": gpu["gpu"], "cluster": LOCAL_CLUSTER, "node": node, "from": today.isoformat()}
            for gpu in sound
        ],
    }
