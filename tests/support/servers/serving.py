"""An application that listens on a free port of this machine, in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from api.server.connections import configuration


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Yield the address at which the application answers; its start-up tasks are left out."""
    config = configuration(app, lifespan="off")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen(config.backlog)  # from here on a connection waits until it is answered
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
