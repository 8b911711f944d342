"""An address with a secret in it is known as one."""

import pytest

from ledger.archive.rules.addresses import has_secret


@pytest.mark.parametrize(
    ("address", "has"),
    [
        ("/var/backups", False),
        ("s3://bucket/folder?region=cn-north-1&endpoint_override=minio:9000", False),
        ("s3://key:secret@bucket/folder", True),
        ("s3://bucket?access_key=a&secret_key=b", True),
    ],
)
def test_a_secret_is_seen(address: str, *, has: bool) -> None:
    assert has_secret(address) is has
