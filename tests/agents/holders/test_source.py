"""The map file: what it says, how it changes, and one clear error for each wrong line."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents import wire
from agents.errors import SettingsError
from agents.holders.kubelet import KubeletHolders
from agents.holders.source import MapFile, holders_of, parse_map
from agents.observations import HolderShare, Holdings, ShareRule
from agents.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GPU = "GPU-00000000-0000-4000-8000-000000000000"
MIG = "MIG-00000000-0000-4000-8000-000000000001"
PLACE = Path("holders.txt")


def static(name: str, num: int = 1, den: int = 1) -> HolderShare:
    return HolderShare(wire.Static(name), num, den)


def test_devices_names_shares_and_remarks() -> None:
    holdings = parse_map(
        f"\ufeff# ours\n\n{GPU} model-a 1/4  # time-sliced\n{GPU}\t模型乙 1/2\r\n{MIG} model-c\n",
        PLACE,
    )
    assert holdings.devices == {
        GPU: (
            static("model-a", 1, 4),
            static("模型乙", 1, 2),
            HolderShare(wire.Unallocated(), 1, 4),
        ),
        MIG: (static("model-c"),),
    }
    assert holdings.default == HolderShare(wire.Unallocated())


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (f"{GPU}", 1, "write «device holder"),
        (f"# fine\n{GPU} a 1/2 more", 2, "write «device holder"),
        ("0 model-a", 1, "is not the UUID"),
        (f"{GPU.lower()} model-a", 1, "is not the UUID"),
        (f"{GPU}::1 model-a", 1, "is not the UUID"),
        (f"{GPU} model-a 0/2", 1, "like 1/4"),
        (f"{GPU} model-a 3/2", 1, "not more than one"),
        (f"{GPU} model-a 0.5", 1, "like 1/4"),
        (f"{GPU} a 1/2\n{GPU} b 2/3", 2, "sum to 7/6"),
        (f"{GPU} a\n{GPU} b", 2, "sum to 2"),
        (f"{GPU} a 1/4\n{GPU} a 1/4", 2, "this holder already"),
        (f"{GPU} a 1/37\n{GPU} b 1/31", 2, "common denominator"),
        (f"{GPU} a 2/2002", 1, "common denominator"),
        (f"{GPU} {'x' * 254}", 1, "253"),
    ],
)
def test_each_wrong_line_is_named(text: str, line: int, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_map(text, PLACE)
    assert caught.value.en.startswith(f"holders file holders.txt:{line}: ")
    assert words in caught.value.en


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        MapFile(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        MapFile(tmp_path / "binary")


def test_a_change_counts_once_it_has_settled(tmp_path: Path) -> None:
    path = tmp_path / "holders"
    path.write_text(f"{GPU} model-a\n")
    source = MapFile(path)
    before = source.read(NOW)
    path.write_text("")  # an editor has emptied it and is about to write
    assert source.read(NOW) is before
    path.write_text(f"{GPU} model-b\n")
    assert source.read(NOW) is before
    assert source.read(NOW).devices == {GPU: (static("model-b"),)}


@pytest.mark.parametrize("spoil", ["wrong line", "gone"])
def test_a_map_that_cannot_be_believed_leaves_everything_unattributed(
    tmp_path: Path, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "holders"
    path.write_text(f"{GPU} model-a\n")
    source = MapFile(path)
    if spoil == "gone":
        path.unlink()
    else:
        path.write_text(f"{GPU} model-a 9/1\n")
    source.read(NOW)
    assert source.read(NOW) == Holdings({}, HolderShare(wire.Unattributed("holders_file_wrong")))
    assert str(path) in caplog.text
    path.write_text(f"{GPU} model-c\n")
    os.utime(path, ns=(1, 1))
    source.read(NOW)
    assert source.read(NOW).devices == {GPU: (static("model-c"),)}


def settings(**fields: str | Path) -> Settings:
    return Settings.read({f"SUANQUAN_{name}": str(value) for name, value in fields.items()})


def test_the_source_is_the_map_that_is_named_else_the_kubelet_that_is_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "holders").write_text(f"{GPU} model-a\n")
    sock = tmp_path / "kubelet.sock"  # it may not be there yet
    assert isinstance(holders_of(settings(HOLDERS=tmp_path / "holders", KUBELET=sock)), MapFile)
    for choice in (settings(HOLDERS="kubelet"), settings(KUBELET=sock)):
        assert isinstance(holders_of(choice), KubeletHolders)
    assert settings(KUBELET=sock).shares is ShareRule.HELD
    assert settings(KUBELET=sock, SHARES="replicas").shares is ShareRule.REPLICAS


def test_a_kubelet_that_is_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sock = tmp_path / "pod-resources" / "kubelet.sock"
    monkeypatch.setattr("agents.settings._KUBELET", str(sock))
    source = holders_of(settings())
    assert source.read(NOW) == Holdings({}, HolderShare(wire.Unattributed("no_holders_source")))
    assert source.fault == "no_holders_source"
    sock.parent.mkdir()
    assert settings().kubelet == sock
    assert holders_of(settings()).read(NOW) == wire.GapReason.KUBELET_UNREACHABLE


def test_a_rule_of_sharing_that_is_none_is_one_clear_error() -> None:
    with pytest.raises(SettingsError, match="must be held or replicas"):
        settings(SHARES="half")
