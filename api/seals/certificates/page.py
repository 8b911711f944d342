"""Draw a certificate on one page of A4, with a square that leads to where it is checked.

The font is a subset of Noto Sans CJK SC (OFL.txt beside it): the characters of GB 2312. A character
that it lacks is written by its code, `〔U+5803〕`.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import segno

from api.language.format import gpu_hours, money
from api.language.i18n import gettext as _
from ledger.seals.rules.certificate import Certificate

FONT, FONT_FILE = "NotoSansSC", Path(__file__).with_name("NotoSansSC.ttf")
ROWS_MAX = 24  # of the table; more stand in the JSON file alone
_MM = 72 / 25.4
_WIDTH, _HEIGHT = 210 * _MM, 297 * _MM
_LEFT, _RIGHT = 20 * _MM, _WIDTH - 20 * _MM
_COLUMNS = (0.0, 52.0, 92.0, 118.0, 140.0, 150.0)  # millimetres from the left edge of the table

Group = tuple[str, str, str, str]


def page(certificate: Certificate, address: str) -> bytes:
    """Return the page as a PDF file; `address` is where a reader of the square is led."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - loaded when it is used

    _register_font()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(_WIDTH, _HEIGHT), invariant=True, pageCompression=1)
    canvas.setTitle(f"{_('算力计量证明')} {certificate.number}")
    sheet = _Sheet(canvas)
    _draw(sheet, certificate)
    _square(canvas, address)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def table_groups(figures: Mapping[str, Any]) -> list[tuple[Group, Fraction, int, str, int]]:
    """Return what stands in the table: by contract, model, price and grade, over all months."""
    groups: dict[tuple[Group, str], tuple[Fraction, int, int]] = {}
    for line in figures["lines"]:
        model = " ".join(filter(None, (line["model"], line["mig_profile"])))
        price = line["price"]
        basis = f"{price['yuan']} {_('元')}/{price['unit']}"
        at = (f"{line['centre']} {line['contract']}", model, basis, price["kind"]), line["grade"]
        ms, fen, gap = groups.get(at, (Fraction(0), 0, 0))
        groups[at] = (
            ms + Fraction(line["device_ms"]), fen + line["cost_fen"], gap + line["gap_ms"],
        )  # fmt: skip
    return [(group, ms, fen, grade, gap) for (group, grade), (ms, fen, gap) in groups.items()]


@cache
def _register_font() -> frozenset[int]:
    """Make the font code_points; the code points that it has."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

    font = TTFont(FONT, str(FONT_FILE))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def printable(text: str) -> str:
    """Return a text with what the font lacks written by its code."""
    code_points = _register_font()
    return "".join(c if ord(c) in code_points else f"〔U+{ord(c):04X}〕" for c in text)


class _Sheet:
    """A page that is written from the top down; positions in points."""

    def __init__(self, canvas: Any) -> None:  # noqa: ANN401 - reportlab has no types
        self.canvas, self.y = canvas, _HEIGHT - 24 * _MM

    def centred(self, text: str, size: float) -> None:
        self.canvas.setFont(FONT, size)
        self.canvas.drawCentredString(_WIDTH / 2, self.y, printable(text))
        self.y -= size * 1.8

    def fact(self, name: str, value: str, size: float = 10) -> None:
        """A name and its value, on as many lines as that takes."""
        self.canvas.setFont(FONT, size)
        self.canvas.drawString(_LEFT, self.y, printable(name))
        for part in self._wrapped(value, size, _RIGHT - _LEFT - 34 * _MM):
            self.canvas.drawString(_LEFT + 34 * _MM, self.y, part)
            self.y -= size * 1.55

    def row(self, values: Sequence[str], size: float = 8.5) -> None:
        """A row of the table; a value too long for its column is written smaller."""
        for place, value in enumerate(values):
            left = _LEFT + _COLUMNS[place] * _MM
            end = _LEFT + (_COLUMNS[place + 1] * _MM if place + 1 < len(_COLUMNS) else 170 * _MM)
            text = printable(value)
            width = self.canvas.stringWidth(text, FONT, size) or 1
            self.canvas.setFont(FONT, min(size, size * (end - left - 2 * _MM) / width))
            self.canvas.drawString(left, self.y, text)
        self.y -= size * 1.7

    def rule(self) -> None:
        self.canvas.setLineWidth(0.5)
        self.canvas.line(_LEFT, self.y + 8, _RIGHT, self.y + 8)
        self.y -= 4

    def _wrapped(self, text: str, size: float, width: float) -> Iterator[str]:
        line = ""
        for character in printable(text):
            if line and self.canvas.stringWidth(line + character, FONT, size) > width:
                yield line
                line = ""
            line += character
        yield line


def _draw(sheet: _Sheet, certificate: Certificate) -> None:
    content, figures = certificate.content, certificate.content["figures"]
    sheet.centred(_("算力计量证明"), 22)
    if content["project"]["drill"]:
        sheet.centred(_("演练，不得用于拨付"), 11)
    sheet.fact(_("编号"), f"{certificate.number}　{_('校验码')} {certificate.code}")
    sheet.fact(_("项目"), f"{content['project']['name']} {content['project']['code']}")
    sheet.fact(_("单位"), f"{content['organisation']['name']} {content['organisation']['uscc']}")
    sheet.fact(_("账期"), f"{content['since']} — {content['until']}")
    cards = "，".join(f"{model} × {count}" for model, count in figures["cards"].items())
    sheet.fact(_("用过的卡"), cards or "—")
    sheet.fact(_("卡时"), gpu_hours(Fraction(figures["device_ms"])))
    sheet.fact(_("成本（不含税）"), money(figures["cost_fen"]))
    sheet.fact(_("证据等级"), f"{figures['grade']}　{_grade_words()}")
    sheet.fact(_("空缺"), f"{gpu_hours(figures['gap_ms'])} {_('卡时')}")
    sheet.y -= 6
    sheet.rule()
    sheet.row([_("中心与合同"), _("型号"), _("价格"), _("卡时"), _("等级"), _("成本（不含税）")])
    groups = table_groups(figures)
    for (contract, model, basis, _kind), ms, fen, grade, _gap in groups[:ROWS_MAX]:
        sheet.row([contract, model, basis, gpu_hours(ms), grade, money(fen)])
    if len(groups) > ROWS_MAX:
        rest = _("其余 {count} 行在 JSON 文件里").format(count=len(groups) - ROWS_MAX)
        sheet.row([rest])
    sheet.rule()
    sheet.y = 74 * _MM
    sheet.fact(_("签发于"), content["issued_at"], 8)
    sheet.fact(_("当时的封首"), f"{content['seal']['number']} {content['seal']['hash']}", 8)
    sheet.fact(_("签名密钥"), content["key"], 8)
    sheet.y = 48 * _MM
    for line in (
        _("扫码或在公开页输入编号与校验码，可查它现在是否仍与账相符；更正之后会显示「已被更正」。"),
        _("离线核验：suanquan verify 加上本文件；签名密钥与公示的封首对照。"),
        _("数字与额度页、对账单出自同一处；毫秒精确，此处显示两位小数。"),
    ):
        sheet.fact("", line, 8)


def _grade_words() -> str:
    return _("A 三方相符，B 采集端实测，C 作业记账，D 导入；取最低的一级")


def _square(canvas: Any, address: str) -> None:  # noqa: ANN401 - reportlab has no types
    """The square at the lower left: black modules on the page's white."""
    matrix = segno.make(address, error="m", micro=False).matrix
    side = 30 * _MM
    module = side / len(matrix)
    for y, line in enumerate(matrix):
        for x, dark in enumerate(line):
            if dark:
                top = 52 * _MM - (y + 1) * module
                canvas.rect(_LEFT + x * module, top, module, module, stroke=0, fill=1)
