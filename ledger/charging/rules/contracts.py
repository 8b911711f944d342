"""Tell which of several contracts of one centre and project some usage belongs to.

The binding may name the contract. Else it is the one whose line selects the usage most exactly. If
two contracts have lines that are equally exact, nobody but a person can tell: the usage is
unpriced, never silently the first one's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ledger.registry.codes import UnpricedReason
from ledger.registry.rules.pricing import PriceLine, UnpricedUsage, Usage

KINDS = ("metered", "package")  # what usage may be priced by


def tell_contracts(
    usage: Iterable[Usage], lines: Sequence[PriceLine], catalogue: Mapping[tuple[str, str], int]
) -> tuple[list[Usage], list[UnpricedUsage]]:
    """Return the usage, each with its contract where there are several, and what two of them claim.

    Args:
        usage: of any projects, none of it on reserved devices.
        lines: contract lines; metered ones and packages are looked at.
        catalogue: (NVML name, MIG profile) → catalogue model.
    """
    by_pair: dict[tuple[int, int], list[PriceLine]] = {}
    for line in lines:
        if line.kind in KINDS:
            by_pair.setdefault((line.project, line.centre), []).append(line)
    several = {
        pair: own for pair, own in by_pair.items() if len({line.contract for line in own}) > 1
    }
    clear: list[Usage] = []
    contested: list[UnpricedUsage] = []
    for item in usage:
        contracts = _most_exact(item, several.get((item.project, item.centre), []), catalogue)
        if len(contracts) > 1:
            contested.append(UnpricedUsage(item, UnpricedReason.TWO_CONTRACTS))
        else:
            clear.append(replace(item, contract=next(iter(contracts))) if contracts else item)
    return clear, contested


def _most_exact(
    usage: Usage, lines: Sequence[PriceLine], catalogue: Mapping[tuple[str, str], int]
) -> set[int]:
    model = catalogue.get((usage.nvml_name, usage.mig_profile)) if lines else None
    fitting = [line for line in lines if model is not None and line.applies(usage, model)]
    best = max((line.exactness for line in fitting), default=())
    return {line.contract for line in fitting if line.exactness == best}
