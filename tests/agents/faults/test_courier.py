"""Batches go by disk: twice, out of order, half copied, forged, by line and disk in turn."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from agents.commands.courier import export, import_receipt
from agents.enrolment_files import ANSWER, REQUEST, read_answer, read_request
from agents.errors import CourierError, IdentityError
from agents.parcels import RECEIPT, parcels, receipts, write_file
from agents.reporting.offline import take_answer, write_request
from agents.reporting.server import Request, Response
from tests.support.agents.relay_process import Relay, lives
from tests.support.api.command_line import suanquan
from tests.support.faults.fault_books import Books, Tell
from tests.support.faults.fault_site import Life, Site, judge
from tests.support.processes import Result


def no_answer(_: Request) -> Response | None:
    return None


def import_file(books: Books, file: Path) -> Result:
    """The command of whoever received the disk."""
    return suanquan("import", "batches", str(file), SUANQUAN_URL=books.url, SUANQUAN_TOKEN="none")  # noqa: S106


def receipt_of(file: Path) -> Path:
    return file.with_name(file.name + ".receipt")


def deliver(books: Books, life: Life, file: Path) -> str:
    """There and back."""
    result = import_file(books, file)
    assert result.returncode == 0, result.stderr
    return take_receipt(life.folder, receipt_of(file))


def take_receipt(folder: Path, file: Path, **variables: str) -> str:
    """The command of whoever brings it back."""
    return import_receipt(folder, file, variables)


def is_whole(books: Books) -> bool:
    """Whether the streams' chains have every number from 1 on, and no evidence of forks."""
    row = books.owner.execute(
        "SELECT count(*) FROM (SELECT stream, max(number) AS top, count(*) AS n FROM batches"
        " GROUP BY stream) s WHERE top <> n"
    ).fetchone()
    return row == (0,) and books.count("forks") == books.count("conflicts") == 0


def test_by_line_and_by_disk_in_turn(
    real: tuple[Site, Books], tmp_path: Path, check_row: Tell
) -> None:
    """One stream; what was on the disk may come by line before the disk does."""
    site, books = real
    life = site.start()
    for day in range(3):
        site.run(61)
        assert life.send()
        site.run(120)
        assert not life.send(no_answer)
        file = tmp_path / f"day-{day}"
        export(life.folder, file, site.wall())
        if day == 1:  # the line is back before the courier is there
            assert life.send()
        words = deliver(books, life, file)
        assert ("0 batches the server has" in words) == (day == 1)
        assert life.spool.depth() == 0
    site.run(60)
    assert life.send()
    assert books.count("streams") == 1
    assert is_whole(books)
    verdict = judge(site)
    assert not verdict.gaps
    check_row("courier_mix", verdict)


def test_a_couriers_file_comes_twice(
    real: tuple[Site, Books], tmp_path: Path, check_row: Tell
) -> None:
    site, books = real
    life = site.start()
    assert life.send()
    site.run(181)
    file = tmp_path / "batches"
    export(life.folder, file, site.wall())
    first, receipt = import_file(books, file), receipt_of(file).read_bytes()
    again = import_file(books, file)
    assert first.returncode == again.returncode == 0
    assert first.stdout.splitlines()[-3:] == again.stdout.splitlines()[-3:]
    assert receipt == receipt_of(file).read_bytes()
    assert "1 batches the server has" in take_receipt(life.folder, receipt_of(file))
    assert "0 batches the server has" in take_receipt(life.folder, receipt_of(file))
    assert life.spool.depth() == 0
    assert is_whole(books)
    verdict = judge(site)
    assert not verdict.gaps
    check_row("courier_twice", verdict)


def test_couriers_files_come_out_of_order(
    real: tuple[Site, Books], tmp_path: Path, check_row: Tell
) -> None:
    """The second file has what the first had; else the server names what is missing."""
    site, books = real
    life = site.start()
    assert life.send()
    file_1, file_2, file_3 = (tmp_path / name for name in ("one", "two", "three"))
    site.run(121)
    export(life.folder, file_1, site.wall())
    site.run(120)
    export(life.folder, file_2, site.wall())
    assert "2 batches the server has" in deliver(books, life, file_2)
    assert "0 batches the server has" in deliver(books, life, file_1)
    site.run(60)
    export(life.folder, file_1, site.wall())
    _acknowledge_all(life)
    site.run(60)
    export(life.folder, file_3, site.wall())
    result = import_file(books, file_3)
    assert result.returncode == 1
    assert "ahead" in result.stdout
    words = take_receipt(life.folder, receipt_of(file_3))
    assert "1 batches the server did not take" in words
    export(life.folder, file_3, site.wall())
    deliver(books, life, file_3)
    assert "batches do not wait here" in deliver(books, life, file_1)
    assert life.spool.depth() == 0
    assert is_whole(books)
    verdict = judge(site)
    assert not verdict.gaps
    check_row("courier_order", verdict)


def _acknowledge_all(life: Life) -> None:
    """Somebody with root at the node wrote into its spool."""
    for number, _ in list(life.spool.unanswered()):
        life.spool.acknowledge(number)


def test_a_couriers_file_is_half_copied_or_changed(
    real: tuple[Site, Books], tmp_path: Path, check_row: Tell
) -> None:
    """Cut off at twenty places, or with a bit changed there: nothing of it is used."""
    site, books = real
    life = site.start()
    assert life.send()
    site.run(121)
    file, bad = tmp_path / "batches", tmp_path / "bad"
    export(life.folder, file, site.wall())
    whole, before = file.read_bytes(), books.count("batches")
    for at in range(0, len(whole), max(1, len(whole) // 20)):
        for content in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            bad.write_bytes(content)
            result = import_file(books, bad)
            assert result.returncode == 1
            assert str(bad) in result.stderr.replace("\n", "")
            assert not receipt_of(bad).exists()
    assert books.count("batches") == before
    assert import_file(books, file).returncode == 0
    answer = receipt_of(file).read_bytes()
    depth = life.spool.depth()
    for at in range(0, len(answer), max(1, len(answer) // 20)):
        for content in (answer[:at], answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]):
            bad.write_bytes(content)
            with pytest.raises(CourierError, match="nothing was changed"):
                take_receipt(life.folder, bad)
    assert life.spool.depth() == depth
    take_receipt(life.folder, receipt_of(file))
    assert life.spool.depth() == 0
    verdict = judge(site)
    assert not verdict.gaps
    check_row("courier_half", verdict)


def test_a_node_that_never_had_a_line(
    real: tuple[Site, Books], tmp_path: Path, check_row: Tell
) -> None:
    """Enrolled by a file, reported by files; two of the files were forged on the way."""
    site, books = real
    life = site.start()
    request, batches = tmp_path / "request", tmp_path / "batches"
    write_request(life.folder, request, books.code(), "n1", rotates=False)
    site.run(121)
    with pytest.raises(IdentityError, match="not enrolled"):
        export(life.folder, batches, site.wall())
    thief = replace(read_request(request), public_key="ab" * 32)
    write_file(tmp_path / "forged", REQUEST, [thief])
    desk = {"SUANQUAN_URL": books.url, "SUANQUAN_TOKEN": books.token()}
    assert suanquan("import", "enrolment", str(tmp_path / "forged"), **desk).returncode == 1
    assert suanquan("import", "enrolment", str(request), **desk).returncode == 0
    answer = tmp_path / "request.answer"
    write_file(tmp_path / "forged", ANSWER, [replace(read_answer(answer), server_key="ab" * 32)])
    with pytest.raises(CourierError, match="forged"):
        take_answer(life.folder, tmp_path / "forged")
    take_answer(life.folder, answer)
    for _ in range(2):
        site.run(60)
        export(life.folder, batches, site.wall())
        deliver(books, life, batches)
    assert life.spool.depth() == 0
    assert is_whole(books)
    assert books.count("agents") == 1
    verdict = judge(site)
    assert not verdict.gaps
    check_row("courier_enrol", verdict)


def test_a_receipt_is_forged(real: tuple[Site, Books], tmp_path: Path, check_row: Tell) -> None:
    """Whole files with right sums, whose answers the server did not give: nothing counts."""
    site, books = real
    life, neighbour = site.start("node"), site.start("other")
    assert life.send()
    assert neighbour.send()
    site.run(181)
    file, forged = tmp_path / "batches", tmp_path / "forged"
    export(life.folder, file, site.wall())
    assert import_file(books, file).returncode == 0
    (own,) = receipts(receipt_of(file))
    export(neighbour.folder, file, site.wall())
    assert import_file(books, file).returncode == 0
    (of_neighbour,) = receipts(receipt_of(file))
    site.run(60)
    export(life.folder, file, site.wall())
    depth, (_, later) = life.spool.depth(), parcels(file)
    says_yes = replace(own, key=later.key, digest=later.digest)
    thief = base64.b64encode(SigningKey.generate().sign(own.signed).signature).decode()
    for items in (
        [says_yes],  # the answer to another batch
        [replace(says_yes, signature="")],
        [replace(own, status=409)],
        [replace(own, answer=own.answer + b" ")],
        [replace(own, signature=of_neighbour.signature)],
        [replace(own, signature=thief)],
        [own, replace(own, signature=thief)],  # the first is good
    ):
        write_file(forged, RECEIPT, items)
        with pytest.raises(CourierError, match="nothing was changed"):
            take_receipt(life.folder, forged)
    assert life.spool.depth() == depth
    with pytest.raises(CourierError, match="another server"):
        take_receipt(life.folder, receipt_of(file), SUANQUAN_SERVER_KEY="0" * 63 + "1")
    deliver(books, life, file)
    assert life.spool.depth() == 0
    assert is_whole(books)
    verdict = judge(site)
    assert not verdict.gaps
    check_row("courier_forged", verdict)


def test_a_courier_carries_for_a_relay_without_a_line(
    real: tuple[Site, Books], tmp_path: Path, check_row: Tell
) -> None:
    """A whole centre without a route out: one disk for all, and each node hears its own answers."""
    site, books = real
    life = site.start()
    assert life.send()
    with lives(Relay(tmp_path, None)) as relay:
        for day in range(3):
            for _ in range(2):
                site.run(60 + (day == 0))
                assert life.send(relay.post)
            assert life.spool.depth() >= 4
            file = tmp_path / f"day-{day}"
            export(relay.data, file, site.wall())
            result = import_file(books, file)
            assert result.returncode == 0, result.stderr
            with pytest.raises(CourierError, match="SUANQUAN_SERVER_KEY"):
                take_receipt(relay.data, receipt_of(file))
            key = suanquan("agent", "server-key", SUANQUAN_URL=books.url, SUANQUAN_TOKEN="none")  # noqa: S106
            assert key.returncode == 0, key.stderr
            words = take_receipt(
                relay.data, receipt_of(file), SUANQUAN_SERVER_KEY=key.stdout.split()[-1]
            )
            assert "2 batches the server has" in words
            assert relay.figure("queue_batches") == 0
            assert life.send(relay.post)
            assert life.spool.depth() == 0
    assert books.count("streams") == 1
    assert is_whole(books)
    verdict = judge(site)
    assert not verdict.gaps
    check_row("courier_relay", verdict)


def test_a_couriers_file_of_another_node_is_no_use_here(
    real: tuple[Site, Books], tmp_path: Path
) -> None:
    """Its receipt changes nothing; a batch signed by nobody known is refused, and stays."""
    site, books = real
    life, neighbour = site.start("node"), site.start("other")
    assert life.send()
    assert neighbour.send()
    site.run(61)
    file = tmp_path / "others"
    export(neighbour.folder, file, site.wall())
    assert import_file(books, file).returncode == 0
    depth = life.spool.depth()
    assert "1 batches do not wait here" in take_receipt(life.folder, receipt_of(file))
    assert life.spool.depth() == depth
    books.owner.execute("UPDATE agents SET revoked_at = now() WHERE revoked_at IS NULL")
    export(life.folder, file, site.wall())
    result = import_file(books, file)
    assert result.returncode == 1
    assert "revoked" in result.stdout
    with pytest.raises(Exception, match="revoked"):
        take_receipt(life.folder, receipt_of(file))
    assert life.spool.depth() == depth
