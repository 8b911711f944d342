"""Request and response models of nodes: who reports, which GPUs are seen, hours, incidents, XIDs.

Times are RFC 3339 in UTC, lengths integer milliseconds. `xids` are NVIDIA's numbers.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.door.schemas import (
    Integer,
    IsoDay,
    Line,
    RequestModel,
    ResponseModel,
    Text,
    Truth,
    YearMonth,
)
from ledger.formats.json.exact import Exact
from ledger.metering.codes import (
    HolderKind,
    IncidentKind,
    QuarantineReason,
    WitnessReason,
    WitnessVerdict,
)
from ledger.metering.queries.nodes import XidEvent
from ledger.metering.rules.incidents import Span


class NodeGpuRead(ResponseModel):
    """A registered GPU; `newest` is its last window of seven days, `seen` whether now."""

    gpu: str
    model: str | None
    registered_from: datetime
    retired_at: datetime | None
    newest: datetime | None
    seen: bool


class StrangerRead(ResponseModel):
    """A GPU that the node reports and that is not registered there."""

    gpu: str
    reason: str
    first: datetime
    last: datetime
    windows: int


class NodeRead(ResponseModel):
    """A node now; `faults` are codes, empty when nothing is wrong.

    `gap_ms` and `silent_ms` are device-milliseconds of the period.
    """

    cluster: str
    node: str
    faults: list[str]
    source: str | None = Field(description="nvml, dcgm, slurm or import; null where nobody reports")
    reported_at: datetime | None
    lag_s: int | None
    skew_s: int | None
    gpus_registered: int
    gpus_seen: int
    gap_ms: int
    silent_ms: int
    gpus: list[NodeGpuRead]
    strangers: list[StrangerRead]


class IncidentRead(ResponseModel):
    """Spans of one cause that began together; `lost_ms` is the sum of them all."""

    cause: str
    since: datetime
    until: datetime
    nodes: list[str]
    gpus: list[str]
    spans: int
    lost_ms: int
    xids: list[int]


class ShareRead(ResponseModel):
    """What one holder had of a GPU in an hour; `project` is whose it is, where it is bound."""

    kind: HolderKind
    holder: str
    project: str | None
    device_ms: Exact


class HourRead(ResponseModel):
    """One GPU and one hour; `util_ppm` is null unless measured for half of what was seen.

    `gaps` are milliseconds by their reason; the sum of them is `gap_ms`.
    """

    gpu: str
    hour: datetime
    seen_ms: int
    gap_ms: int
    silent_ms: int
    util_ppm: int | None
    shares: list[ShareRead]
    gaps: dict[str, int]


class WitnessRead(ResponseModel):
    """A stretch of a pod on a device, as metered, and how it stands to what witnesses saw."""

    gpu: str
    namespace: str
    pod: str
    container: str
    uid: str | None
    since: datetime
    until: datetime
    length_ms: int
    verdict: WitnessVerdict
    reason: WitnessReason | None
    counts: bool = Field(description="whether it is charged")
    grade: str | None = Field(description="A to D; null where it does not count")
    incident: int | None


class EvidenceRead(ResponseModel):
    """Usage of a project on a cluster of which the witnesses say one thing."""

    project: str | None = Field(description="null: no binding says whose it is")
    cluster: str
    verdict: WitnessVerdict
    reason: WitnessReason | None
    counts: bool = Field(description="whether it is charged")
    grade: str | None = Field(description="A to D; null where it does not count")
    is_explained: bool
    device_ms: Exact


class UnexplainedRead(ResponseModel):
    """Use of a node's day that a witness contradicts, or that nobody metered."""

    cluster: str
    kind: IncidentKind
    reason: WitnessReason | None
    node: str
    namespace: str
    day: date
    since: datetime
    until: datetime
    pods: int
    device_ms: int = Field(description="rounded; the incident has it exactly")


class IncidentExplainedRead(ResponseModel):
    """What a person explained with a file; `counts` once two persons decided."""

    id: int
    cluster: str
    kind: IncidentKind
    explanation: str
    file: str
    original: str = Field(description="SHA-256 of the file, hex")
    explained_by: str
    explained_at: datetime
    since: datetime
    until: datetime
    nodes: list[str]
    device_ms: Exact
    counts: bool | None
    decision: int | None = Field(description="the decision that stands, or that waits")


class RulingCreate(RequestModel):
    """Whether an incident's use counts, and why."""

    counts: Truth
    reason: Text


class NodesRead(ResponseModel):
    """Nodes of one cluster, and the incidents of the whole cluster in the period."""

    cluster: str
    since: datetime
    until: datetime
    nodes: list[NodeRead]
    incidents: list[IncidentRead]
    more: bool = Field(description="there is too much; ask for fewer days, or for one node")


class NodeDetailRead(ResponseModel):
    """One node in a period: its hours, its spans, its incidents, its XIDs."""

    since: datetime
    until: datetime
    node: NodeRead
    hours: list[HourRead]
    spans: list[Span]
    incidents: list[IncidentRead]
    xids: list[XidEvent]
    more: bool


class AgentRead(ResponseModel):
    """An agent, and what was last heard of it; `lag_s` and `skew_s` are null before that.

    `skew_s` is how far its clock is ahead of the server's; `skewed` when by more than 5 s.
    """

    id: UUID
    cluster: str
    node: str
    source: str
    reported_at: datetime | None
    sent_at: datetime | None
    lag_s: int | None
    skew_s: int | None
    skewed: bool
    enrolled_at: datetime
    history_from: datetime | None
    approved_at: datetime | None
    approved_by: str | None
    revoked_at: datetime | None


class AdmissionCreate(RequestModel):
    """Which quarantined windows to admit, and why: of a node or all, by Beijing day, inclusive."""

    cluster: Line
    node: Line | None = None
    code: QuarantineReason
    since: IsoDay | None = None
    until: IsoDay | None = None
    reason: Text


class AdmissionRead(ResponseModel):
    """How many windows it is about, how many count by now, and the decision that they wait for."""

    windows: int
    released: int
    decision: int | None


class CapacityCreate(RequestModel):
    """How many GPUs a cluster of a job source has on these Beijing days, inclusive, and by what."""

    cluster: Line
    gpus: Annotated[Integer, Field(ge=0, le=1_000_000)]
    since: IsoDay
    until: IsoDay | None = None
    evidence: Text


class CapacityProposal(ResponseModel):
    """The decision that another person confirms."""

    decision: int


class CorrectionCreate(RequestModel):
    """What is to become of the later words of a cluster's month (Beijing), or of one job's."""

    cluster: Line
    month: YearMonth
    job: Line | None = None
    accept: Truth
    reason: Text


class CorrectionProposal(ResponseModel):
    """The decision that another person confirms, and of how many windows it speaks."""

    decision: int
    windows: int


class UsageRead(ResponseModel):
    """What a project has used."""

    project: str
    device_ms: Exact


class ReleaseOutcome(ResponseModel):
    """How many windows came out of quarantine and were kept."""

    released: int


class RelayRead(ResponseModel):
    """What waits in a relay, as it told last beside a batch; nobody signs that.

    `relay` tells it from others of its name.
    `waiting_since` is when the oldest batch came to it, null where none waits; `late` after ten
    minutes.
    """

    name: str
    relay: UUID
    batches: int
    waiting_since: datetime | None
    late: bool
    bytes: int
    bytes_max: int
    told_at: datetime


class PartitionRead(ResponseModel):
    """GPUs of a Slurm partition by sinfo, on the last day that was told; "" is the cluster."""

    name: str
    gpus: int
    day: date


class SourcesRead(ResponseModel):
    """By what a cluster reports, how it does, and how well the month is proved.

    `verdicts` and `grades` are device-milliseconds; the grade '' stands for what has none yet.
    """

    cluster: str
    centre: str
    source: str | None
    source_since: date | None
    witnesses_required: int
    agents: list[AgentRead]
    relays: list[RelayRead]
    partitions: list[PartitionRead]
    gpus: int
    gpus_silent: int
    windows_waiting: int
    month: date
    verdicts: dict[str, Exact]
    grades: dict[str, Exact]
