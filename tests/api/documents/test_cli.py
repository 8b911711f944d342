"""Cost documents at the command line, from the file to the look-up and the receipt."""

from pathlib import Path

import psycopg
import pytest

from tests.support.api.command_line import Desk
from tests.support.api.hall import APPROVER, BUILDER, CLERK, KEYED, PICTURE, csv_of, xml
from tests.support.api.town import NOW
from tests.support.documents import digital
from tests.support.papers.proofs import png


@pytest.fixture
def papers(folder: Path) -> Path:
    (folder / "a.xml").write_bytes(xml(1))
    (folder / "b.xml").write_bytes(xml(1, remark=""))
    (folder / "c.pdf").write_bytes(b"%PDF-1.7")
    (folder / "l.csv").write_bytes(csv_of(8, 9))
    return folder


def test_at_the_command_line(desk: Desk, papers: Path, owner: psycopg.Connection) -> None:
    files = [str(papers / name) for name in ("a.xml", "b.xml", "c.pdf")]
    result = desk.run(CLERK, "invoice", "add", *files)
    assert result.returncode == 1
    first_line, decision_line, second_line, unreadable = result.stdout.splitlines()
    assert first_line == f"{files[0]}: taken {digital(1)}"
    row = owner.execute("SELECT id FROM decisions WHERE kind = 'document'").fetchone()
    assert row
    assert decision_line == f"another person has to confirm decision {row[0]}"
    assert second_line.startswith(
        f"{files[1]}: refused, number: Number {digital(1)} was submitted by"
    )
    assert unreadable.startswith(f"{files[2]}: refused")
    again = desk.run(CLERK, "invoice", "add", files[0], LANG="zh_CN.UTF-8")
    assert (again.returncode, again.stdout) == (0, f"{files[0]}：原已收下 {digital(1)}\n")
    options = {key.replace("_", "-"): value for key, value in KEYED.items() if key != "lines"}
    keyed = [f"--{key}={value}" for key, value in options.items()]
    answer = desk.ask(CLERK, "invoice", "key", files[2], *keyed, "--line", "校内算力|1234.50")
    assert answer["decision"]
    assert len(desk.ask(CLERK, "invoice", "list", str(papers / "l.csv"))["documents"]) == 2
    twice = desk.run(CLERK, "invoice", "list", str(papers / "l.csv"))
    assert twice.returncode == 1
    assert "imported by" in twice.stderr
    table = desk.run(CLERK, "invoice", "ls", "--state", "to_confirm").stdout.splitlines()
    numbers = [row.split()[0] for row in table[1:]]
    assert numbers == [digital(9), digital(8), "2026-7", digital(1)]
    output = desk.run(BUILDER, "invoice", "show", digital(1)).stdout
    assert "¥4,197.17" in output
    desk.ask(APPROVER, "invoice", "confirm", digital(1), "--yes")
    frozen = desk.run(CLERK, "invoice", "freeze", digital(1), "--confirmation", "7")
    assert frozen.stdout == f"{digital(1)} is frozen\n"
    assert desk.ask(CLERK, "invoice", "lift", digital(1))["state"] == "standing"
    picture = papers / "查验.png"
    picture.write_bytes(PICTURE)
    scan = papers / "回单.png"
    scan.write_bytes(png(400, 300))
    looked_up = ("--result=agrees", f"--on={NOW.date()}")
    desk.ask(CLERK, "invoice", "lookup", digital(1), str(picture), *looked_up)
    paid = ("--payer=甲", "--payee=乙", "--yuan=4449.00", f"--on={NOW.date()}")
    receipt = desk.ask(
        BUILDER, "invoice", "receipt", digital(1), str(scan), "--reference=R-1", *paid
    )
    assert not receipt["proves"]
    checked = desk.ask(CLERK, "invoice", "receipt-check", digital(1), "--reference=R-1")
    assert checked["proves"]
    days = ("--since=2026-10-01", "--until=2026-10-31", "--reason=背面")
    period = desk.ask(CLERK, "invoice", "period", "2026-7", *days)
    assert (period["since"], period["period_assumed"]) == ("2026-10-01", False)
    whole = desk.run(CLERK, "invoice", "show", digital(1)).stdout
    assert "looked up" in whole
    assert "R-1" in whole
    absent = desk.run(CLERK, "invoice", "show", "1")
    assert (absent.returncode, absent.stderr) == (1, "there is no document 1\n")
