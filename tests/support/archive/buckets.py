"""An S3 bucket of this machine, for pyarrow as any other; it asks nobody who he is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode

from localbucket import S3Handler
from pyarrow import fs

_NAMES = {
    "AWS_ACCESS_KEY_ID": "k",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@contextmanager
def serve_bucket(folder: Path) -> Iterator[str]:
    """Yield the address of an empty bucket's folder; what it keeps stands in `folder`."""
    handler = type("Handler", (S3Handler,), {"data_root": folder, "log_message": _say_nothing})
    with (
        mock.patch.dict("os.environ", _NAMES),
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            where = {
                "endpoint_override": f"127.0.0.1:{server.server_port}",
                "scheme": "http",
                "region": "cn-north-1",
            }
            fs.S3FileSystem(**where, allow_bucket_creation=True).create_dir("archive")
            yield f"s3://archive?{urlencode(where)}"
        finally:
            server.shutdown()
            thread.join()


def _say_nothing(*_of_the_request: object) -> None:
    pass
