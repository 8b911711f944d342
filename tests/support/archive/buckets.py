"""An S3 bucket of this machine, for pyarrow as any other; it asks nobody who he is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode

from localbucket import S3Handler
from pyarrow import fs
from typing_extensions import override

_NAMES = {
    "AWS_ACCESS_KEY_ID": "k",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class _Handler(S3Handler):  # type: ignore[misc]  # it has no types
    """Takes a folder's mark, which is empty and ends in a slash, as S3 does, and keeps none."""

    @override
    def do_PUT(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/") and "/" in path.strip("/"):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            super().do_PUT()

    @override
    def log_message(self, *_of_the_request: object) -> None:
        pass


@contextmanager
def serve_bucket(folder: Path) -> Iterator[str]:
    """Yield the address of an empty bucket's folder; what it keeps stands in `folder`."""
    handler = type("Handler", (_Handler,), {"data_root": folder})
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
