"""What the API tells of nodes: who reports, which GPUs are seen, hours, incidents, XIDs.

Times are RFC 3339 in UTC, lengths integer milliseconds. `xids` are NVIDIA's numbers.
"""

from datetime import datetime

from pydantic import Field

from api.door.schemas import Told


class GpuOfNode(Told):
    """A registered GPU; `newest` is its last window of seven days, `seen` whether now."""

    gpu: str
    model: str | None
    registered_from: datetime
    retired_at: datetime | None
    newest: datetime | None
    seen: bool


class StrangerSeen(Told):
    """A GPU that the node reports and that is not registered there."""

    gpu: str
    reason: str
    first: datetime
    last: datetime
    windows: int


class NodeSeen(Told):
    """A node now; `faults` are codes, empty when nothing is wrong.

    `gap_ms` and `silent_ms` are device-milliseconds of the period.
    """

    cluster: str
    node: str
    faults: list[str]
    reported_at: datetime | None
    lag_s: int | None
    skew_s: int | None
    gpus_registered: int
    gpus_seen: int
    gap_ms: int
    silent_ms: int
    gpus: list[GpuOfNode]
    strangers: list[StrangerSeen]


class SpanSeen(Told):
    """Time of one GPU that nobody saw; `cause` is a gap reason or `silent`."""

    since: datetime
    until: datetime
    gpu: str
    node: str
    cause: str
    xids: list[int]


class IncidentSeen(Told):
    """Spans of one cause that began together; `lost_ms` is the sum of them all."""

    cause: str
    since: datetime
    until: datetime
    nodes: list[str]
    gpus: list[str]
    spans: int
    lost_ms: int
    xids: list[int]


class HourSeen(Told):
    """One GPU and one hour; `util_ppm` is null unless measured for half of what was seen."""

    gpu: str
    hour: datetime
    seen_ms: int
    gap_ms: int
    silent_ms: int
    util_ppm: int | None


class XidSeen(Told):
    """An XID of one GPU in the minute that begins at `start`."""

    gpu: str
    start: datetime
    xid: int


class NodesSeen(Told):
    """Nodes of one cluster, and the incidents of the whole cluster in the period."""

    cluster: str
    since: datetime
    until: datetime
    nodes: list[NodeSeen]
    incidents: list[IncidentSeen]
    more: bool = Field(description="there is too much; ask for fewer days, or for one node")


class NodeInDetail(Told):
    """One node in a period: its hours, its spans, its incidents, its XIDs."""

    since: datetime
    until: datetime
    node: NodeSeen
    hours: list[HourSeen]
    spans: list[SpanSeen]
    incidents: list[IncidentSeen]
    xids: list[XidSeen]
    more: bool
