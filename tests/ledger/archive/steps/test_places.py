"""A folder and a bucket keep files alike; the bucket is that of moto, where it is named."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode

import pytest
from pyarrow import fs

from ledger.archive.steps.places import Place
from ledger.errors import Busy, Refused


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    moto = os.environ.get("SUANQUAN_TEST_MOTO")
    if moto is None:
        pytest.skip("SUANQUAN_TEST_MOTO names no moto_server (pip install 'moto[server]')")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "k")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "s")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        process = subprocess.Popen(
            [moto, "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/moto-api/", process)
            host, region = f"127.0.0.1:{port}", "cn-north-1"
            files = fs.S3FileSystem(
                endpoint_override=host, scheme="http", region=region, allow_bucket_creation=True
            )
            files.create_dir("city/archive")
            where = {"endpoint_override": host, "scheme": "http", "region": region}
            yield f"s3://city/archive?{urlencode(where)}"
        finally:
            process.terminate()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urllib.request.urlopen(url).close()  # noqa: S310 - of this machine
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("moto_server ended")


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    is_folder = request.param == "folder"
    return Place(str(tmp_path) if is_folder else request.getfixturevalue("bucket"))


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
