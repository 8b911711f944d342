"""Trust authorities: those in a folder, and no others, from now on."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from ledger.documents.rules.certificates import read_certificate
from ledger.errors import Unusable

_TRUST = text("""
    INSERT INTO trusted_certificates (fingerprint, name, encoded, trusted_since)
    VALUES (:fingerprint, :name, :encoded, :now)
    ON CONFLICT (fingerprint) DO UPDATE SET trusted_until = NULL
""")
_DISTRUST = text("""
    UPDATE trusted_certificates SET trusted_until = :now
    WHERE trusted_until IS NULL AND fingerprint <> ALL(:fingerprints)
""")


def trust(owner: Connection, files: Mapping[str, bytes], now: datetime) -> None:
    """Trust the authorities with these certificates, item by the path of its file, as the owner.

    Raises:
        Unusable: one of them is no certificate with an SM2 key (`not_certificate`).
    """
    certificates = []
    for path, content in files.items():
        try:
            certificates.append(read_certificate(content))
        except (ValueError, IndexError) as error:
            raise Unusable("not_certificate", path=path) from error
    for item in certificates:
        row = {"fingerprint": item.fingerprint, "name": item.name, "encoded": item.encoded}
        owner.execute(_TRUST, row | {"now": now})
    fingerprints = [item.fingerprint for item in certificates]
    owner.execute(_DISTRUST, {"fingerprints": fingerprints, "now": now})
