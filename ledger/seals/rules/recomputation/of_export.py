"""The rows of an export, as recomputation reads them."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

from ledger.errors import NotFound
from ledger.policy.text.file import Source
from ledger.seals.codes import FaultCode
from ledger.seals.rules import export
from ledger.seals.rules.export import Archive, Malformed
from ledger.seals.rules.faults import Fault, Tally
from ledger.seals.rules.heads import Head
from ledger.seals.rules.recomputation.evidence import Row, cell


class ExportEvidence:
    """An export and its heads (`Evidence`); rows of seals whose heads cannot be read are none."""

    def __init__(self, archive: Archive, heads: Mapping[int, Head], tally: Tally) -> None:
        self._archive, self._heads = archive, heads
        self._texts = dict(_policies(archive, heads, tally))

    def rows(self, relation: str, *columns: str) -> Iterator[Row]:
        """Return these columns of a relation's rows. Raises Malformed."""
        if relation in export.DERIVED_COLUMNS:
            of_relation = [_place(export.DERIVED_COLUMNS[relation], column) for column in columns]
            for values in export.derived_of(self._archive, relation):
                yield tuple(_value(values, place) for place in of_relation)
            return
        places = {
            number: [_place(tree.columns, column) for column in columns]
            for number, head in self._heads.items()
            for tree in head.trees
            if tree.relation == relation
        }
        for line_number, row in enumerate(export.rows_of(self._archive, relation), start=1):
            if row.seal in places:
                values = row.line[:-1].split(b"\t")
                try:
                    yield tuple(_value(values, place) for place in places[row.seal])
                except (ValueError, IndexError) as error:
                    raise Malformed(export.rows_member(relation), line_number) from error

    def policy_source(self) -> Source:
        """Return what gives the text of a version as it stands in the export."""

        def text_of(version: str) -> str:
            if version not in self._texts:
                raise NotFound("policy", version=version)
            return self._texts[version]

        return text_of


def _policies(
    archive: Archive, heads: Mapping[int, Head], tally: Tally
) -> Iterator[tuple[str, str]]:
    """Return the versions that are as the last head says; another one is a fault."""
    digests = heads[max(heads)].policies if heads else {}
    for name, digest in sorted(digests.items()):
        member = export.policy_member(name)
        if member not in archive.names():
            continue  # an export of an earlier program has none
        try:
            content = b"".join(archive.lines(member))
            text = content.decode()
        except ValueError:
            tally.faults.append(Fault(FaultCode.FORM, member))
            continue
        if sha256(content).hexdigest() == digest:
            yield name.removesuffix(".yaml"), text
        else:
            tally.faults.append(Fault(FaultCode.CHANGED, member))


def _place(columns: tuple[str, ...], column: str) -> int | None:
    names = [name.partition(":")[0] for name in columns]
    return names.index(column) if column in names else None


def _value(values: list[bytes], place: int | None) -> str | None:
    return None if place is None else cell(values[place])
