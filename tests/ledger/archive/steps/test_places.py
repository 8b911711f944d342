"""A folder and a bucket keep files alike."""

import pytest

from ledger.archive.steps.places import Place
from ledger.errors import Busy, Refused


def test_a_file_is_written_read_and_removed(place: Place) -> None:
    with place.create("2026-09/a") as sink:
        sink.write(b"x" * 2_999_999 + b"c")
    assert place.digest("2026-09/a")[0] == 3_000_000
    with place.open("2026-09/a") as source:
        source.seek(2_999_999)
        assert source.read() == b"c"
    place.remove("2026-09/a")
    place.remove("2026-09/a")
    with pytest.raises(Refused, match="archive_file"):
        place.digest("2026-09/a")


def test_a_place_that_is_not_there_says_so(place: Place) -> None:
    with pytest.raises(Busy) as error:
        Place(place.address.replace("/archive", "/none") if "?" in place.address
              else f"{place.address}/none")  # fmt: skip
    assert "endpoint" not in str(error.value)


def test_an_address_bears_no_secret() -> None:
    for address in ("s3://k:s@city/archive", "s3://city/archive?secret_key=s"):
        with pytest.raises(Refused, match="archive_secret"):
            Place(address)


def test_a_file_that_is_not_written_to_its_end_is_not_there(place: Place) -> None:
    with pytest.raises(KeyError), place.create("2026-09/b") as sink:  # noqa: PT012 - the block ends
        sink.write(b"x" * 11_000_000)  # larger than what is uploaded at once
        raise KeyError
    with pytest.raises(Refused, match="archive_file"):
        place.digest("2026-09/b")
