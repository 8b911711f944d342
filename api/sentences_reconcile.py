"""The sentences of reconciliation and of decisions by two persons; see `api/sentences.py`."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "decision_open": "关于 {subject} 还有一项由 {by} 提出、未答复的决定",
        "decision_answered": "这项决定已由 {by} 答复（{answer}）",
        "decision_changed": "关于 {subject} 的决定与您看到的不同，请重新查看",
        "same_person": "须由另一人确认：{person} 不能确认自己提出的决定",
        "not_yours": "只有提出者 {person} 可以撤回",
        "decision": "没有这项决定",
        "not_your_decision": "您的角色（{role}）不能确认这类决定",
    }
)
