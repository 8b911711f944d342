"""A driver and a server for the agent's tests: both small, both real enough to be wrong with."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agents.fake_driver import FakeDriver, compile_driver, gpu_line
from tests.support.agents.tiny_server import TinyServer, listening


@pytest.fixture
def tmp_path(folder: Path) -> Path:
    """In memory where there is room: these tests sync to the disk thousands of times."""
    return folder


@pytest.fixture(scope="session")
def driver_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed: the driver of the tests cannot be compiled")
    folder = tmp_path_factory.mktemp("driver")
    compile_driver(folder)
    return folder


@pytest.fixture
def fake_driver(driver_folder: Path, tmp_path: Path) -> FakeDriver:
    driver = FakeDriver(driver_folder, tmp_path / "nvml-state")
    driver.say(gpu_line(0))
    return driver


@pytest.fixture
def driver(fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    """In this process: once loaded under its name, the library is found by every later load."""
    monkeypatch.setenv("FAKE_NVML", str(fake_driver.state))
    ctypes.CDLL(str(fake_driver.folder / "libnvidia-ml.so.1"))
    return fake_driver


@pytest.fixture
def server() -> Iterator[TinyServer]:
    with listening(TinyServer()) as tiny:
        yield tiny
