"""Codes of windows, gaps and nodes. Their labels: `api/language/labels/metering.py`."""

from enum import StrEnum


class HolderKind(StrEnum):
    """By what a holder is known."""

    POD = "pod"
    SLURM = "slurm"
    STATIC = "static"
    UNALLOCATED = "unallocated"
    UNATTRIBUTED = "unattributed"
    LABEL = "label"  # only of bindings: pods as the witness knows them
    OWNER = "owner"
    USER = "user"  # only of bindings: a user's jobs under an account


class QuarantineReason(StrEnum):
    """Why a window cannot count yet."""

    FUTURE = "future"
    UNKNOWN_GPU = "unknown_gpu"
    OTHER_CLUSTER = "other_cluster"
    OTHER_NODE = "other_node"
    UNAPPROVED_AGENT = "unapproved_agent"
    LATE = "late"
    BEFORE_ENROLMENT = "before_enrolment"
    BEFORE_REGISTRATION = "before_registration"
    RETIRED = "retired"


OF_ITS_DAY = frozenset(
    {
        QuarantineReason.LATE,
        QuarantineReason.BEFORE_ENROLMENT,
        QuarantineReason.BEFORE_REGISTRATION,
        QuarantineReason.RETIRED,
    }
)
"""Why a window's day is against it: only the bureau can admit it all the same."""


class GapCause(StrEnum):
    """Why nobody saw a GPU: the wire's gap reasons, and silence."""

    SILENT = "silent"
    AGENT_DOWN = "agent_down"
    KUBELET_UNREACHABLE = "kubelet_unreachable"
    NVML_ERROR = "nvml_error"
    GPU_LOST = "gpu_lost"
    DRIVER_RELOAD = "driver_reload"
    MIG_RECONFIG = "mig_reconfig"
    CLOCK_STEP = "clock_step"
    SPOOL_OVERFLOW = "spool_overflow"
    EXPORTER_UNREACHABLE = "exporter_unreachable"
    EXPORTER_STALE = "exporter_stale"


class NodeFault(StrEnum):
    """What is wrong with a node, in the order in which it is told."""

    NO_AGENT = "no_agent"
    REVOKED = "revoked"
    NEVER = "never"
    LATE = "late"
    SKEWED = "skewed"
    GPUS_MISSING = "gpus_missing"
    STRANGERS = "strangers"


class WitnessVerdict(StrEnum):
    """How what was metered stands to what the cluster's witnesses saw."""

    AGREEING = "agreeing"
    PENDING = "pending"
    SINGLE = "single"
    CONTRADICTING = "contradicting"
    GAP = "gap"  # nobody metered, and the pod's own times cover it


class CapacityBasis(StrEnum):
    """Who says how many GPUs there are, of a cluster whose source reports jobs."""

    REGISTRY = "registry"
    DECISION = "decision"
    SINFO = "sinfo"


class CourierFileKind(StrEnum):
    """What a courier brought."""

    BATCHES = "batches"
    ENROLMENT = "enrolment"


class IncidentKind(StrEnum):
    """What is to be explained.

    A witness's contradiction; use of which none spoke where two are needed; a gap that a pod's
    times cover.
    """

    CONTRADICTING = "contradicting"
    SINGLE = "single"
    GAP = "gap"


class WitnessReason(StrEnum):
    """Why a time is contradicted, or has one source alone."""

    NEVER_RAN = "never_ran"
    NOT_YET = "not_yet"
    OVER = "over"
    OTHER_NODE = "other_node"
    ADMIN_ACCESS = "admin_access"
    NOT_THERE = "not_there"
    TIMES_COVER = "times_cover"
    BLIND = "blind"
    NO_WITNESS = "no_witness"
