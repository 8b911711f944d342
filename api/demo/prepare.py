"""What the server has to know before usage comes: its parties, vouchers, and a way in for agents.

Registering is all or nothing, and what has a name on the server already stays as it is there: so
the same replay or demo may be prepared again, and real parties are never overwritten by made-up
ones.
"""

import json
import re
from collections.abc import Sequence
from urllib.parse import quote

from api.cli.client import Client
from api.cli.failures import Failure
from api.demo.drill import POLICY, Document, Voucher
from api.language.i18n import gettext as _

_NAMED = re.compile(r"(organisations|centres|catalogue|gpus|projects)\[(\d+)\]")


def register(client: Client, registry: Document) -> None:
    """Register what is missing; a Failure where dated facts say otherwise."""
    try:
        _post(client, registry)
    except Failure as failure:
        kept = _without_differing(registry, failure)
        if kept == registry:
            raise _explained(failure) from None
        try:
            _post(client, kept)
        except Failure as second:
            raise _explained(second) from None


def open_vouchers(client: Client, vouchers: Sequence[Voucher]) -> None:
    """A voucher for each project that has none yet."""
    there = {project["code"]: project["clause"] for project in client.ask("GET", "projects")}
    for voucher in vouchers:
        if there.get(voucher.project) is None:
            wanted = {"policy": POLICY, "clause": voucher.clause, "facts": voucher.facts}
            client.ask("POST", f"projects/{quote(voucher.project, safe='')}/voucher", body=wanted)


def enrolment_code(client: Client, cluster: str, source: str) -> str:
    """A one-time code for an agent of the cluster."""
    given = client.ask("POST", "enrolment-codes", body={"cluster": cluster, "source": source})
    return str(given["code"])


def _post(client: Client, registry: Document) -> None:
    client.ask("POST", "registry", content=json.dumps(registry, ensure_ascii=False).encode())


def _without_differing(registry: Document, failure: Failure) -> Document:
    kept = {section: list(entries) for section, entries in registry.items()}
    for found in failure.findings:
        place = _NAMED.search(found["where"])
        if place and found["code"] in ("differs", "contradicts"):
            kept[place[1]][int(place[2])] = None
    return {name: [e for e in entries if e is not None] for name, entries in kept.items()}


def _explained(failure: Failure) -> Failure:
    """One price for many projects is one error, not one for each of them."""
    prices = [f for f in failure.findings if ".prices[" in f["where"]]
    if not prices or len(prices) < len(failure.findings):
        return failure
    return Failure(
        _("该中心的合同已按另一单价登记，未作改动：{message}").format(message=prices[0]["message"])
    )
