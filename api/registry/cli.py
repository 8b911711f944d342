"""`suanquan register`, `suanquan registry`, `suanquan projects`: who takes part."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.answer import Answer, Block, Column, Heading, Listing, Table, listing, record
from api.cli.arguments import content_of, path, write
from api.cli.client import Client, ask
from api.cli.commands import Commands
from api.cli.options import METERING, Limit, Offset, Reason
from api.cli.values import MOMENT, MONEY, NUMBER, PERSON, YES, Format, coded, label_of
from api.language.i18n import gettext as _
from api.language.i18n import msgid
from ledger.desk.codes import InventoryState
from ledger.registry.codes import EntryState, ProjectKind, RegistrySection

app = Commands()
registry = Commands(msgid("登记簿"))
app.add_typer(registry, name="registry", rich_help_panel=METERING)

Section = Annotated[
    RegistrySection, typer.Argument(metavar="SECTION", help=", ".join(RegistrySection))
]

PROJECTS = (
    Column(msgid("编号"), "code"),
    Column(msgid("名称"), "name"),
    Column(msgid("类别"), "kind", coded(ProjectKind)),
    Column(msgid("单位"), "organisation"),
    Column(msgid("条款"), "clause"),
    Column(msgid("演练"), "drill", YES),
)
OUTCOMES = (
    Column(msgid("类别"), 0),
    Column(msgid("新登记"), 1, NUMBER),
    Column(msgid("原已如此"), 2, NUMBER),
    Column(msgid("更正"), 3, NUMBER),
)
WAITING = (
    Column(msgid("事项"), "about"),
    Column(msgid("原来"), "before"),
    Column(msgid("改为"), "after"),
)


MARKS = (
    Column(msgid("起"), "since"),
    Column(msgid("止"), "until"),
    Column(msgid("状态"), "state", coded(EntryState)),
    Column(msgid("登记于"), lambda row: row["recorded"]["at"], MOMENT),
)
HISTORY = (
    Column(msgid("提出者"), lambda row: row["recorded"]["by"], PERSON),
    Column(msgid("确认者"), lambda row: row["recorded"]["confirmed_by"], PERSON),
    Column(msgid("决定"), lambda row: row["recorded"]["decision"], NUMBER),
    Column(msgid("被取代于"), lambda row: row["superseded"]["at"], MOMENT),
    Column(msgid("取代者"), lambda row: row["superseded"]["by"], PERSON),
    Column(msgid("取代的确认者"), lambda row: row["superseded"]["confirmed_by"], PERSON),
)
PLANNED = (
    Column(msgid("类别"), "section"),
    Column(msgid("事项"), "about"),
    Column(msgid("原来"), "before"),
    Column(msgid("改为"), "after"),
)
MONTHS = (
    Column(msgid("合同"), "contract"),
    Column(msgid("账期"), "month"),
    Column(msgid("原来"), "before_fen", MONEY),
    Column(msgid("改为"), "after_fen", MONEY),
    Column(msgid("相差"), "difference_fen", MONEY),
)


LINES = (
    Column(msgid("GPU"), "gpu"),
    Column(msgid("集群"), "cluster"),
    Column(msgid("节点"), "node"),
    Column(msgid("状态"), "state", coded(InventoryState)),
    Column(msgid("型号"), "model"),
    Column(msgid("最早"), "first", MOMENT),
    Column(msgid("最近"), "last", MOMENT),
    Column(msgid("登记在"), "registry_place"),
    Column(msgid("可以确认"), lambda line: line["entry"] is not None, YES),
)
SCALES = (
    Column(msgid("智算中心"), "centre"),
    Column(msgid("GPU 数"), "gpus", NUMBER),
    Column(msgid("FP16 稠密峰值（TFLOPS）"), "tflops"),
    Column(
        msgid("没有峰值的型号"),
        lambda scale: " ".join(f"{model or '?'}×{n}" for model, n in scale["without_peak"].items()),
    ),
)
SIGHTS = (
    Column(msgid("新登记"), lambda o: o["created"].get("gpus", 0), NUMBER),
    Column(msgid("更正"), lambda o: o["superseded"].get("gpus", 0), NUMBER),
    Column(msgid("待确认的决定"), "decision", NUMBER),
    Column(msgid("解除隔离的窗口"), "windows_released", NUMBER),
)


@app.verb("inventory", msgid("采集端看到的 GPU 与登记簿的出入"), panel=METERING)
def inventory(
    *,
    confirm: Annotated[
        list[str] | None, typer.Option(metavar="GPU", help=msgid("照看到的登记这块 GPU，可以多次"))
    ] = None,
) -> Listing | Answer:
    """List where what the agents see differs from the registry, or register GPUs as seen."""
    picture = ask("GET", "inventory")
    if not confirm:
        lines = Table(LINES, picture["lines"], msgid("没有出入"))
        return Listing(picture, [lines, "", Table(SCALES, picture["scales"], msgid("没有 GPU"))])
    sights = [
        {key: line[key] for key in ("gpu", "cluster", "node")}
        for line in picture["lines"]
        if line["gpu"] in confirm and line["entry"] is not None
    ]
    return record(SIGHTS, ask("POST", "inventory", body={"sights": sights}))


@app.verb("register", msgid("登记机构、集群、项目、合同与绑定（docs/registry.md）"), panel=METERING)
def register(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=msgid("登记文件（YAML、JSON 或 XLSX）"))
    ],
    *,
    supersede: Annotated[bool, typer.Option(help=msgid("更正已有事实"))] = False,
    reason: Reason = "",
    preview: Annotated[bool, typer.Option(help=msgid("只看会改变什么，不登记"))] = False,
) -> Answer:
    """Register everything in the file, or nothing; what touches charged usage waits for another."""
    if preview:
        return _preview(file, supersede=supersede)
    query = {"supersede": "true" if supersede else None, "reason": reason or None}
    result = ask("POST", "registry", query=query, content=content_of(file))
    outcomes = (result["created"], result["unchanged"], result["superseded"])
    sections = sorted(set().union(*outcomes))
    rows = [[s, *(outcome.get(s, 0) for outcome in outcomes)] for s in sections]
    blocks: list[Block] = [Table(OUTCOMES, rows)]
    if result["decision"] is not None:
        blocks += ["", Table(WAITING, result["changes"])]
        blocks += ["", _("以上涉及已计费的用量，待另一人确认：suanquan confirm {number}").format(
            number=result["decision"]
        )]  # fmt: skip
    return Answer(result, blocks)


def _preview(file: Path, *, supersede: bool) -> Answer:
    query = {"supersede": "true" if supersede else None}
    plan = ask("POST", "registry/preview", query=query, content=content_of(file))
    blocks: list[Block] = [
        Heading(_("立即登记")),
        Table(PLANNED, plan["at_once"]),
        Heading(_("须另一人确认")),
        Table(WAITING, plan["changes"]),
    ]
    if plan["months"]:
        blocks += [Heading(_("受影响的月份")), Table(MONTHS, plan["months"])]
    return Answer(plan, blocks)


@registry.verb("workbook", msgid("写下整个登记簿（XLSX）：改好再用 register 交回来"))
def workbook(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msgid("写到哪个文件"))],
) -> None:
    """Write the whole registry as a workbook that can be registered again."""
    with Client() as client:
        write(file, client.fetch("registry.xlsx"))


@registry.verb("ls", msgid("一览：现行的、将来的、到期的"))
def ls(
    section: Section,
    *,
    text: Annotated[str, typer.Option(help=msgid("任一栏里的文字"))] = "",
    state: Annotated[str | None, typer.Option(help=f"{', '.join(EntryState)}, all")] = None,
    sort: Annotated[str, typer.Option(help=msgid("按哪一栏，前加 - 则倒序"))] = "",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Listing:
    """List a section of the registry."""
    wish = {"text": text or None, "state": state, "sort": sort or None}
    query = {**wish, "limit": limit, "offset": offset}
    return listing(_columns(section), ask("GET", path("registry", section), query=query))


@registry.verb("show", msgid("一条登记：来历，谁提出、谁确认，还有谁提到它"))
def show(
    section: Section, key: Annotated[str, typer.Argument(metavar="KEY", help=msgid("编号"))]
) -> Answer:
    """Show an entry with its history and with all that names it."""
    details = ask("GET", path("registry", section, key))
    blocks: list[Block] = [Table((*_columns(section), *HISTORY), details["history"])]
    for naming, rows in details["concerning"].items():
        section_of_rows = RegistrySection(naming)
        blocks += [
            Heading(label_of(RegistrySection, naming)),
            Table(_columns(section_of_rows), rows),
        ]
    return Answer(details, blocks)


def _columns(section: RegistrySection) -> tuple[Column, ...]:
    from api.registry import columns  # noqa: PLC0415 - loaded when it is used

    def column(name: str) -> Column:
        cell_format = Format(
            lambda value: columns.show(section, name, value),
            right=name in columns.NUMBERS,
            plain=lambda value: columns.cell(section, name, value),
        )
        value = lambda row: columns.of_json(name, row["values"][name])  # noqa: E731
        return Column(columns.title(section, name), value, cell_format)

    return (
        Column(msgid("编号"), "key"),
        *(column(name) for name in columns.short_columns(section)),
        *MARKS,
    )


@app.verb("projects", msgid("项目一览"), panel=METERING)
def projects() -> Listing:
    """List the projects."""
    return listing(PROJECTS, ask("GET", "projects"), empty=msgid("没有项目"))
