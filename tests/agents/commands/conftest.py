"""The node's agent as a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agents.fake_driver import FakeDriver
from tests.support.agents.node_process import Agent
from tests.support.agents.tiny_server import TinyServer


@pytest.fixture
def agent(fake_driver: FakeDriver, tmp_path: Path, server: TinyServer) -> Iterator[Agent]:
    agent = Agent(fake_driver, tmp_path, server)
    yield agent
    if agent.process is not None:
        agent.process.kill()
        agent.process.communicate()
