"""`suanquan pay` as the cashier uses it, against a real server on this machine."""

import csv
from pathlib import Path

import psycopg
import sqlalchemy as sa

from ledger.people.codes import Role
from tests.support.api.bank import DAY, HEAD, YEAR
from tests.support.api.command_line import Desk
from tests.support.payments import Treasury
from tests.support.vouchers import chain, place_moves


def test_a_cashiers_year(
    desk: Desk,
    owner: psycopg.Connection,
    engine: sa.Engine,
    folder: Path,
) -> None:
    treasury = Treasury(owner, engine)
    voucher = treasury.project("p1", 600)
    treasury.claim("p1", 600, "SQ-1")

    def decide(*arguments: str) -> str:
        """Ask as the cashier, confirm as the approver; what it was about."""
        answer = desk.ask(Role.FINANCE, "pay", *arguments)
        number, digest = str(answer["id"]), answer["digest"]
        desk.ask(Role.APPROVER, "confirm", number, "--seen", digest)
        return str(answer["subject"])

    about = ("--project-name=算力券", "--fund-kind=一般公共预算", "--classification=2150805")
    decide("indicator", "open", "Z1", f"--year={YEAR}", "--yuan=5", *about)
    decide("indicator", "change", "Z1", f"--year={YEAR}", "--yuan=5.00")
    decide("indicator", "open", "Z2", f"--year={YEAR + 1}", "--yuan=7", *about)
    decide("indicator", "open", "Q2", f"--year={YEAR + 1}", "--yuan=3", *about)
    decide("indicator", "share", f"市={YEAR + 1}/Z2:7", f"区={YEAR + 1}/Q2:3")
    assert "7/10" in desk.run(Role.FINANCE, "pay", "indicator", "share").stdout
    wrong = desk.run(Role.FINANCE, "pay", "indicator", "share", "市:70")
    assert wrong.returncode == 1
    queue = desk.run(Role.FINANCE, "pay", "queue", LANG="zh_CN.UTF-8").stdout
    assert queue.splitlines()[1].split()[-1] == "Z1"
    number = decide("list", "make", "--indicator=Z1", f"--year={YEAR}", "--claim=SQ-1")
    columns = folder / "columns.txt"
    columns.write_text("收款账号=account\n金额=yuan\n", encoding="utf-8")
    file = folder / "list.csv"
    result = desk.run(Role.FINANCE, "pay", "export", number, str(file), "--columns", str(columns))
    assert result.returncode == 0, result.stderr
    with file.open(encoding="utf-8-sig") as stream:
        assert list(csv.reader(stream))[:2] == [
            ["收款账号", "金额"],
            ["6222020000000000", "6.00"],
        ]
    wrong = desk.run(Role.FINANCE, "pay", "export", number, str(folder / "list.pdf"))
    assert wrong.returncode == 1
    return_file = folder / "return.csv"
    return_file.write_text(f"{HEAD}T1,{number},9,成功,4,{DAY},", encoding="gb18030")
    refused = desk.run(Role.FINANCE, "pay", "return", str(return_file))
    assert (refused.returncode, refused.stderr.count("row 2")) == (1, 1)
    return_file.write_text(f"{HEAD}T1,{number},1,成功,4,{DAY},", encoding="gb18030")
    assert desk.ask(Role.FINANCE, "pay", "return", str(return_file))["paid_fen"] == 400
    output = desk.run(Role.AUDITOR, "pay", "list", "show", number).stdout
    assert "¥4.00" in output
    return_file.write_text(f"{HEAD}T2,{number},1,退回,4,{DAY},", encoding="gb18030")
    text = desk.run(Role.FINANCE, "pay", "return", str(return_file), LANG="zh_CN.UTF-8").stdout
    assert f"回单里清单 {number} 的金额合计 4.00 元，清单是 6.00 元" in text
    (row,) = desk.ask(Role.FINANCE, "pay", "rows")
    decide("rule", str(row["id"]), "reject", "--reason=银行未退回")
    assert desk.run(Role.FINANCE, "pay", "rows", LANG="zh_CN.UTF-8").stdout.startswith("没有")
    assert desk.ask(Role.AUDITOR, "pay", "list", "ls")[0]["paid_fen"] == 400
    # A red invoice came after the payment: one yuan is to be paid back.
    place_moves(owner, engine, "red", {voucher.book_id: chain(100, "recall paid recoverable")})
    decide("recover", "p1", f"--until={YEAR}-12-31", "--reason=红冲")
    assert "¥1.00" in desk.run(Role.AUDITOR, "pay", "recover").stdout
    back = ("--indicator=Z1", f"--year={YEAR}", "--yuan=1", f"--on={DAY}")
    decide("refund", "p1", "--reference=T9", *back)
    assert desk.ask(Role.AUDITOR, "pay", "recover")[0]["outstanding_fen"] == 0
    new = ("--new-indicator=Z2", f"--new-year={YEAR + 1}")
    decide("year-end", "--indicator=Z1", f"--year={YEAR}", "--recalled", *new)
    _q2, z2, z1 = desk.ask(Role.AUDITOR, "pay", "indicator", "ls")
    assert (z2["free_fen"], z1["spent_fen"], z1["returned_fen"]) == (700, 300, 700)
    assert treasury.state("SQ-1") == "approved"
