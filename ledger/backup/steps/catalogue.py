"""What is in a store: its whole bases, how far each goes, and what is needed no longer."""

from dataclasses import dataclass
from datetime import datetime

from ledger.backup.rules.bases import FOLDER, Base, Signer, manifest_of, read_base
from ledger.backup.rules.plan import Reach, Retention, bases_to_keep, is_needed, reach_of
from ledger.backup.rules.wal import FOLDER as WAL_FOLDER
from ledger.backup.rules.wal import furthest, parse
from ledger.backup.steps.base import locked
from ledger.backup.steps.stores import Store, read_whole


def bases(store: Store, key: Signer) -> list[Base]:
    """Return the whole bases, oldest first.

    Raises:
        Busy: the store is away.
        Unusable: a manifest is none, or not our server's.
    """
    numbers = [
        name.split("/")[1] for name in store.names(FOLDER) if name.endswith("/manifest.json")
    ]
    return [read_base(number, read_whole(store, manifest_of(number)), key) for number in numbers]


def reaches(store: Store, key: Signer) -> list[Reach]:
    """Return the bases with the WAL that follows each without a gap, oldest first.

    Raises as `bases` does.
    """
    wals = furthest(store.names(WAL_FOLDER))
    return [reach_of(base, wals) for base in bases(store, key)]


@dataclass(frozen=True)
class Removal:
    """How many bases went, and how many objects besides."""

    bases: int
    objects: int


def prune(url: str, store: Store, key: Signer, now: datetime, retention: Retention) -> Removal:
    """Remove bases that no moment of the last days needs, WAL that no base needs, and remains.

    A base's manifest goes first, so that what is half removed is no base. Nobody makes a base
    meanwhile, so a content without a manifest is what a crash left.

    Raises:
        Busy: a base is being made (`backup_busy`), or the store is away.
        Unusable: a manifest is none, or not our server's: then nothing is removed.
    """
    with locked(url):
        every = bases(store, key)
        keep = bases_to_keep(every, now, retention)
        old = every[: len(every) - len(keep)]
        for base in old:
            store.remove(manifest_of(base.number))
        numbers = {base.number for base in keep}
        remains = [name for name in store.names(FOLDER) if name.split("/")[1] not in numbers]
        if keep:
            wals = {name: parse(name) for name in store.names(WAL_FOLDER)}
            remains += [name for name, wal in wals.items() if wal and not is_needed(wal, keep)]
        for name in remains:
            store.remove(name)
    return Removal(len(old), len(remains))
