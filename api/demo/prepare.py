"""Register what usage needs: its parties, their vouchers, and enrolment codes for agents.

The people of the drill do it (`api/demo/office.py`). Registering is all or nothing, and what has a
name on the server already stays as it is there: so the same replay or demo may be prepared again,
and real parties are never overwritten by made-up ones.
"""

import json
import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from api.cli.client import Client
from api.cli.failures import Failure
from api.demo.drill import POLICY, Document, Voucher
from api.demo.office import as_part
from api.language.i18n import gettext as _
from ledger.vouchers.codes import VersionState

_NAMED = re.compile(r"(organisations|centres|catalogue|gpus|projects)\[(\d+)\]")


def register(client: Client, registry: Document) -> None:
    """Register what is missing; a Failure where dated facts say otherwise."""
    try:
        _post(client, registry)
    except Failure as failure:
        rest = _without_differing(registry, failure)
        if rest == registry:
            raise _explain(failure) from None
        try:
            _post(client, rest)
        except Failure as second:
            raise _explain(second) from None


def prepare(
    registry: Document,
    vouchers: Sequence[Voucher],
    capacities: Sequence[Document] = (),
) -> None:
    """Register what is missing, and open a voucher for each project that has none, by two.

    With the first vouchers the capacities of clusters are stated too.
    """
    with as_part("clerk") as first, as_part("approver") as second:
        register(first, registry)
        for decision in _proposals(first, vouchers, capacities):
            proposal = second.ask("GET", f"decisions/{decision}")
            body = {"answer": "confirmed", "seen": proposal["digest"], "reason": ""}
            second.ask("POST", f"decisions/{decision}/answer", body=body)


def _propose_version(client: Client) -> Iterator[int]:
    states = {version["policy"]: version["state"] for version in client.ask("GET", "policies")}
    if states[POLICY] == VersionState.KNOWN:
        body = {"reason": _("演练")}
        yield client.ask("POST", f"policies/{POLICY}/payable", body=body)["id"]


def _proposals(
    client: Client, vouchers: Sequence[Voucher], capacities: Sequence[Document]
) -> Iterator[int]:
    """Propose one after the other; each is decided before the next."""
    yield from _propose_version(client)
    voucher_count = 0
    for decision in _propose_vouchers(client, vouchers):
        voucher_count += 1
        yield decision
    for capacity in capacities if voucher_count else ():
        yield client.ask("POST", "capacities", body=capacity)["decision"]


def _propose_vouchers(client: Client, vouchers: Sequence[Voucher]) -> Iterator[int]:
    clauses = {project["code"]: project["clause"] for project in client.ask("GET", "projects")}
    for voucher in vouchers:
        if clauses.get(voucher.project) is None:
            body = {"policy": POLICY, "clause": voucher.clause, "facts": voucher.facts}
            address = f"projects/{quote(voucher.project, safe='')}/voucher"
            yield client.ask("POST", address, body=body)["decision"]


def enrolment_code(cluster: str, source: str, history_from: str | None = None) -> str:
    """A one-time code for an agent of the cluster, whose history counts from a Beijing day on."""
    body = {"cluster": cluster, "source": source, "history_from": history_from}
    with as_part("system") as client:
        return str(client.ask("POST", "enrolment-codes", body=body)["code"])


def _post(client: Client, registry: Document) -> None:
    client.ask("POST", "registry", content=json.dumps(registry, ensure_ascii=False).encode())


def _without_differing(registry: Document, failure: Failure) -> Document:
    rest = {section: list(entries) for section, entries in registry.items()}
    for finding in failure.findings:
        place = _NAMED.search(finding["where"])
        if place and finding["code"] in ("differs", "contradicts"):
            rest[place[1]][int(place[2])] = None
    return {name: [e for e in entries if e is not None] for name, entries in rest.items()}


def _explain(failure: Failure) -> Failure:
    """One price for many projects is one error, not one for each of them."""
    prices = [f for f in failure.findings if ".prices[" in f["where"]]
    if not prices or len(prices) < len(failure.findings):
        return failure
    return Failure(
        _("该中心的合同已按另一单价登记，未作改动：{message}").format(message=prices[0]["message"])
    )
