"""The port that a server listens on, taken before anything is started for it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from api.cli.failures import Failure
from api.language.i18n import gettext as _
from api.settings import Settings


@contextmanager
def listen(settings: Settings) -> Iterator[socket.socket]:
    """The socket of these settings. Raises Failure where the address cannot be had."""
    host, port = settings.host, settings.port
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server((str(address[-1][0]), port), family=address[0])
    except OSError as error:
        why = error.strerror
        raise Failure(
            _("无法在 {host}:{port} 上提供服务（{why}）；可用 SUANQUAN_PORT 换一个端口").format(
                host=host, port=port, why=why
            )
        ) from error
    with listener:
        yield listener
