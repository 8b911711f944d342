"""Scrapes all exporters of a cluster at once; one that hangs costs the others nothing."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from agents.errors import SettingsError
from agents.exporters.catalogue import FAMILIES
from agents.exporters.client import Client, ScrapeFault, addresses_of
from agents.exporters.fleet import Answer
from agents.exporters.samples import BrokenExposition, Sample, parse
from agents.exporters.settings import Address, ScrapeSettings

_THREADS_MAX = 32
_TIMEOUT_MAX_S = 10.0
_log = logging.getLogger(__name__)

Target = tuple[Address, str]  # and one IP of it


class Scraper:
    """The exporters that the settings name."""

    def __init__(self, settings: ScrapeSettings) -> None:
        self._settings = settings
        self._timeout_s = min(_TIMEOUT_MAX_S, settings.every_s * 2 / 3)
        self._pool = ThreadPoolExecutor(_THREADS_MAX, "scrape")
        self._ips: dict[Address, list[str]] = {}  # as the name was resolved last
        self._clients: dict[Target, Client] = {}
        self._logged: dict[str, str] = {}  # which faults the log has
        self.faults: dict[str, str] = {}  # of the last round, by exporter, in one word

    def close(self) -> None:
        """Close all connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for client in self._clients.values():
            client.close()

    def scrape(self) -> dict[str, Answer | None]:
        """Ask every exporter; None for one that gave no whole answer."""
        self.faults = {}
        try:
            token = self._settings.bearer()
        except SettingsError as error:  # the secret is being replaced
            _log.error("%s", error)
            self.faults[""] = "no_bearer"
            return {_name(target): None for target in self._clients}
        targets = [
            (address, ip)
            for address, ips in self._pool.map(self._resolve, self._settings.exporters)
            for ip in ips
        ]
        for target in self._clients.keys() - set(targets):
            self._clients.pop(target).close()
        for address, ip in targets:
            if (address, ip) not in self._clients:
                client = Client(address, ip, self._settings.context, timeout_s=self._timeout_s)
                self._clients[address, ip] = client
        texts = self._pool.map(lambda target: self._get(target, token), targets)
        answers = {_name(target): self._parse(_name(target), text) for target, text in
                   zip(targets, texts, strict=True)}  # fmt: skip
        self._tell()
        return answers

    def _resolve(self, address: Address) -> tuple[Address, list[str]]:
        try:
            self._ips[address] = addresses_of(address.host, address.port)
        except ScrapeFault as fault:  # the exporters may be there all the same
            self.faults[address.host] = fault.word
        return address, self._ips.get(address, [])

    def _get(self, target: Target, token: str) -> str | ScrapeFault:
        try:
            return self._clients[target].get(target[0].path, token)
        except ScrapeFault as fault:
            return fault

    def _parse(self, name: str, text: str | ScrapeFault) -> Answer | None:
        fault = text if isinstance(text, ScrapeFault) else None
        samples = list[Sample]()
        if isinstance(text, str):
            try:
                samples = list(parse(text, FAMILIES))
            except BrokenExposition as error:
                fault = ScrapeFault("broken", str(error))
        if fault is None and not samples:
            fault = ScrapeFault("no_gpus")
        if fault is None:
            return Answer(samples)
        self.faults[name] = fault.word
        if self._logged.get(name) != fault.word:
            _log.error("%s: %s", name, fault)
        return None

    def _tell(self) -> None:
        """Log each change once, not every fifteen seconds."""
        for name in self._logged.keys() - self.faults.keys():
            _log.info("%s answers again", name)
        self._logged = dict(self.faults)


def _name(target: Target) -> str:
    address, ip = target
    host = f"[{ip}]" if ":" in ip else ip
    return f"{address.scheme}://{host}:{address.port}{address.path}"
