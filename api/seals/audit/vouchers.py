"""电子会计档案: the sealed vouchers of a period with their originals, index and hashes.

Anybody checks it with `sha256sum -c sha256sum.txt`, and 封首.json against a copy of that head.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from itertools import groupby
from xml.sax.saxutils import escape

from sqlmodel import Session

from api.desk.chain.view import kinds
from api.seals.routes import view_of
from ledger.errors import NotFound
from ledger.formats.spreadsheets.export import csv_file
from ledger.people.steps.decisions import person
from ledger.seals.queries.audit_books import VoucherLine, voucher_lines
from ledger.seals.queries.seals import last_seal
from ledger.seals.queries.voucher_originals import original_file, originals_of
from ledger.seals.rules.dossier import file_member
from ledger.seals.rules.heads import read_head
from ledger.units import BEIJING, Fen, yuan

KEPT_FOR = "30年"  # 会计凭证, by 会计档案管理办法
ABOUT = """\
记账凭证一张一个文件：凭证/账期/凭证号.xml；所附原件在 原件/，以 SHA-256 为名，
一份原件可以附在几张凭证上。目录.csv 是案卷目录；sha256sum.txt 是每个文件的摘要
（sha256sum -c sha256sum.txt 可查）；封首.json 是最后一次封存，其中的凭证都已封存，
与公示或抄下的封首对照。字段名参照《会计档案管理办法》与财会〔2024〕12号。
没有声称：通过 DA/T 94 的检测，没有打成 EEP 包。
"""
_INDEX = (
    "序号", "凭证编号", "会计期间", "形成时间", "题名", "责任者", "保管期限", "金额（元）",
    "附件数", "文件", "SHA-256",
)  # fmt: skip


class _Folder:
    """The members that were written, and the digest of each."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.digests: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> str:
        self._archive.writestr(name, content)
        self.digests[name] = sha256(content).hexdigest()
        return self.digests[name]


def voucher_archive(db: Session, since: date, until: date) -> bytes:
    """Return the archive of the vouchers booked from `since` until before `until`, as a ZIP file.

    Raises:
        NotFound: nothing was sealed yet (`seal`).
    """
    seal = last_seal(db)
    if seal is None:
        raise NotFound("seal", number=1)
    last = read_head(seal.head).postings
    originals = originals_of(db, since, until, last)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        folder = _Folder(archive)
        files = {hash_ for hashes in originals.values() for hash_ in hashes}
        members = {hash_: _add_original(db, folder, hash_) for hash_ in sorted(files)}
        index: list[Sequence[str]] = [_INDEX]
        for number, of_voucher in groupby(
            voucher_lines(db, since, until, last), key=lambda line: line.number
        ):
            lines = list(of_voucher)
            attached = [members[hash_] for hash_ in originals.get(number, [])]
            index.append([str(len(index)), *_add_voucher(folder, lines, attached)])
        folder.add("目录.csv", csv_file(index))
        folder.add("说明.txt", ABOUT.encode())
        sealed = {**view_of(seal), "head": seal.head}
        folder.add("封首.json", json.dumps(sealed, ensure_ascii=False, default=str).encode())
        sums = "".join(f"{digest}  {name}\n" for name, digest in folder.digests.items())
        archive.writestr("sha256sum.txt", sums)
    return out.getvalue()


def _add_original(db: Session, folder: _Folder, hash_: str) -> str:
    name, content = original_file(db, hash_)
    member = file_member(hash_, name).replace("files/", "原件/", 1)
    folder.add(member, content)
    return member


def _add_voucher(
    folder: _Folder, lines: Sequence[VoucherLine], attached: Sequence[str]
) -> Sequence[str]:
    """Add a voucher; its line of the index."""
    first, words = lines[0], kinds()
    title = "、".join(dict.fromkeys(words.get(line.kind, line.kind) for line in lines))
    member = f"凭证/{first.booked:%Y-%m}/{first.number:08d}.xml"
    digest = folder.add(member, "".join(_voucher(lines, title, attached)).encode())
    return [
        str(first.number), f"{first.booked:%Y-%m}", _moment(first), title, person(first.actor),
        KEPT_FOR, yuan(_total(lines)), str(len(attached)), member, digest,
    ]  # fmt: skip


def _voucher(lines: Sequence[VoucherLine], title: str, attached: Sequence[str]) -> Iterator[str]:
    first, words = lines[0], kinds()
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<记账凭证>\n'
    for name, value in (
        ("凭证编号", first.number), ("会计期间", f"{first.booked:%Y-%m}"),
        ("所属账期", f"{first.used_in:%Y-%m}"), ("形成时间", _moment(first)), ("题名", title),
        ("责任者", person(first.actor)), ("来源", first.cause), ("保管期限", KEPT_FOR),
        ("金额", yuan(_total(lines))), ("附件数", len(attached)),
    ):  # fmt: skip
        yield f"  {_element(name, value)}\n"
    for line in lines:
        parts = "".join(
            _element(name, value)
            for name, value in (
                ("摘要", words.get(line.kind, line.kind)), ("账本", line.owner),
                ("借方科目", f"{line.ledger}.{line.to_role}"),
                ("贷方科目", f"{line.ledger}.{line.from_role}"), ("金额", yuan(line.amount)),
            )
        )  # fmt: skip
        yield f"  <分录>{parts}</分录>\n"
    for member in attached:
        yield f"  {_element('附件', member)}\n"
    yield "</记账凭证>\n"


def _element(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def _total(lines: Sequence[VoucherLine]) -> Fen:
    return sum(line.amount for line in lines)


def _moment(line: VoucherLine) -> str:
    return line.posted_at.astimezone(BEIJING).isoformat(timespec="seconds")
