"""Check the electronic seal of an OFD invoice (GB/T 33190 ch. 18, GB/T 38540, GM/T 0031).

A seal vouches for a list of files with their digests. It is believed if every file that the invoice
was read from is on the list, the list is what was signed, and both who signed and who made the seal
are certified by an authority that the bureau trusts, on the day of signing. `OFD.xml` is never on
the list, so nothing may rest on it alone.
"""

import base64
import binascii
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new

from ledger.documents.rules.certificates import (
    SM2_WITH_SM3,
    Certificate,
    issuer_of,
    read_certificate,
)
from ledger.formats.archive import Archive
from ledger.formats.signatures.der import OCTETS, Node, node
from ledger.formats.signatures.sm2 import is_signed
from ledger.formats.xml_tree import Tree, open_tree

_DIGESTS = {"1.2.156.10197.1.401": "sm3", "2.16.840.1.101.3.4.2.1": "sha256"}
_VERSION = 4  # GB/T 38540; older seals write the certificate inside what is signed
ENTRANCE = "OFD.xml"


@dataclass(frozen=True)
class Seal:
    """A seal that holds: whose, by whom signed and when, and the authority that vouches."""

    name: str
    signer: str
    signed_at: datetime
    root: str  # the fingerprint of the trusted certificate


def check_seal(
    archive: Archive, root: str, members: Iterable[str], trusted: Sequence[Certificate]
) -> tuple[Seal | None, str]:
    """Return the seal of an OFD that holds, or why there is none.

    Args:
        archive: the opened file.
        root: the path of its document (`Doc_0/Document.xml`).
        members: the files that the invoice was read from.
        trusted: the authorities that are believed.

    Returns:
        The seal and `holds`; or None and `missing`, `unknown` (another kind of seal), `broken` (a
        file or the list was changed), `uncovered` (a file that is not on the list), `no_roots` or
        `untrusted` (no authority is trusted, or none that is vouches on the day of signing).
    """
    paths = _signature_paths(archive, root)
    if not paths:
        return None, "missing"
    outcome = "unknown"
    for path in paths:
        try:
            seal, outcome = _Checker(archive, path, {*members} - {ENTRANCE}, trusted).check()
        except (ValueError, IndexError, KeyError, binascii.Error):
            continue
        if seal is not None:
            return seal, outcome
    return None, "no_roots" if outcome == "untrusted" and not trusted else outcome


def _signature_paths(archive: Archive, root: str) -> list[str]:
    """Return where the signatures of a document stand."""
    entrance = _tree(archive, ENTRANCE)
    listed = entrance.text("DocBody/Signatures") if entrance else ""
    path = listed.lstrip("/") or posixpath.join(posixpath.dirname(root), "Signs/Signatures.xml")
    tree = _tree(archive, path)
    return [_at(path, item.get("BaseLoc", "")) for item in tree.all("Signature")] if tree else []


class _Checker:
    """One signature of an OFD."""

    def __init__(
        self, archive: Archive, path: str, members: set[str], trusted: Sequence[Certificate]
    ) -> None:
        self.archive, self.path = archive, path
        self.members, self.trusted = members, trusted

    def check(self) -> tuple[Seal | None, str]:
        """Return the seal if it holds, and what came out; ValueError if it is no such seal."""
        tree = _tree(self.archive, self.path)
        if tree is None:
            return None, "unknown"
        listed = self._covered(tree)
        if listed is None:
            return None, "broken"
        if not self.members <= listed:
            return None, "uncovered"
        value = _at(self.path, tree.text("SignedValue"))
        return self._seal(node(self.archive.read(value) or b""))

    def _covered(self, tree: Tree) -> set[str] | None:
        """Return the files on the list; None if one is not as it was."""
        references = tree.all("SignedInfo/References")
        method = _DIGESTS[references[0].get("CheckMethod", "")]
        paths = set()
        for reference in tree.all("Reference", references[0]):
            path = _at(self.path, reference.get("FileRef", ""))
            content = self.archive.read(path)
            expected = base64.b64decode(tree.text("CheckValue", reference), validate=True)
            if content is None or new(method, content).digest() != expected:
                return None
            paths.add(path)
        return paths

    def _seal(self, signature: Node) -> tuple[Seal | None, str]:
        body, certificate, algorithm, value, *_ = signature.parts()
        version, seal, moment, digest, *_ = body.parts()
        if version.number() != _VERSION or algorithm.oid() != SM2_WITH_SM3:
            return None, "unknown"
        signer = read_certificate(certificate.content)
        content = self.archive.read(self.path) or b""
        if new("sm3", content).digest() != digest.bits() or not is_signed(
            body.whole, value.bits(), signer.key
        ):
            return None, "broken"
        signed_at = moment.moment()
        root = issuer_of(signer, self.trusted, signed_at)
        name = self._name_of(seal, signer, signed_at)
        if root is None or name is None:
            return None, "untrusted"
        return Seal(name, signer.name, signed_at, root.fingerprint), "holds"

    def _name_of(self, seal: Node, signer: Certificate, moment: datetime) -> str | None:
        """Return the seal's name, if a trusted maker made it for this signer, for that day."""
        info, certificate, algorithm, value = seal.parts()
        maker = read_certificate(certificate.content)
        _header, _id, about, *_ = info.parts()
        _kind, name, _list_kind, certificates, _made_at, since, until = about.parts()
        genuine = algorithm.oid() == SM2_WITH_SM3 and is_signed(info.whole, value.bits(), maker.key)
        holders = [part.content for part in certificates.parts() if part.tag == OCTETS]
        fits = genuine and signer.encoded in holders and since.moment() <= moment <= until.moment()
        vouched = issuer_of(maker, self.trusted, moment) is not None
        return name.content.decode("utf-8", "replace") if fits and vouched else None


def _tree(archive: Archive, path: str) -> Tree | None:
    content = archive.read(path)
    return open_tree(content, path)[0] if content else None


def _at(path: str, loc: str) -> str:
    """Resolve a path from the root, or relative to a file."""
    beside = posixpath.join(posixpath.dirname(path), loc)
    return posixpath.normpath(loc.lstrip("/") if loc.startswith("/") else beside)
