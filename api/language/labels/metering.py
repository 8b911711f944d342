"""Holders, gaps, quarantine and the faults of nodes."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from api.language.i18n import msgid
from ledger.metering.codes import (
    CapacityBasis,
    CourierFileKind,
    GapCause,
    HolderKind,
    IncidentKind,
    NodeFault,
    QuarantineReason,
    WitnessReason,
    WitnessVerdict,
)

LABELS: Mapping[type[StrEnum], Mapping[StrEnum, str]] = MappingProxyType(
    {
        HolderKind: {
            HolderKind.POD: msgid("容器组"),
            HolderKind.SLURM: msgid("Slurm 账户"),
            HolderKind.STATIC: msgid("静态名称"),
            HolderKind.UNALLOCATED: msgid("空闲"),
            HolderKind.UNATTRIBUTED: msgid("归属不明"),
            HolderKind.LABEL: msgid("容器组的标签"),
            HolderKind.OWNER: msgid("容器组的控制者"),
            HolderKind.USER: msgid("Slurm 账户的用户"),
        },
        CapacityBasis: {
            CapacityBasis.REGISTRY: msgid("登记的 GPU"),
            CapacityBasis.DECISION: msgid("两人认定的容量"),
            CapacityBasis.SINFO: msgid("sinfo 所说"),
        },
        QuarantineReason: {
            QuarantineReason.FUTURE: msgid("来自未来"),
            QuarantineReason.UNKNOWN_GPU: msgid("未登记的 GPU"),
            QuarantineReason.OTHER_CLUSTER: msgid("GPU 登记在别的集群"),
            QuarantineReason.OTHER_NODE: msgid("GPU 登记在别的节点"),
            QuarantineReason.UNAPPROVED_AGENT: msgid("采集端待主管部门批准"),
            QuarantineReason.LATE: msgid("来得太晚"),
            QuarantineReason.BEFORE_ENROLMENT: msgid("早于采集端注册"),
            QuarantineReason.BEFORE_REGISTRATION: msgid("早于 GPU 登记"),
            QuarantineReason.RETIRED: msgid("GPU 已退役"),
        },
        GapCause: {
            GapCause.SILENT: msgid("静默"),
            GapCause.AGENT_DOWN: msgid("采集端停止"),
            GapCause.KUBELET_UNREACHABLE: msgid("问不到 kubelet"),
            GapCause.NVML_ERROR: msgid("驱动报错"),
            GapCause.GPU_LOST: msgid("GPU 掉卡"),
            GapCause.DRIVER_RELOAD: msgid("驱动重载"),
            GapCause.MIG_RECONFIG: msgid("MIG 重新切分"),
            GapCause.CLOCK_STEP: msgid("时钟跳变"),
            GapCause.SPOOL_OVERFLOW: msgid("上报队列溢出"),
            GapCause.EXPORTER_UNREACHABLE: msgid("抓不到导出器"),
            GapCause.EXPORTER_STALE: msgid("导出器的读数是旧的"),
        },
        NodeFault: {
            NodeFault.NO_AGENT: msgid("没有采集端"),
            NodeFault.REVOKED: msgid("采集端已停用"),
            NodeFault.NEVER: msgid("从未上报"),
            NodeFault.LATE: msgid("迟迟没有上报"),
            NodeFault.SKEWED: msgid("时钟不准"),
            NodeFault.GPUS_MISSING: msgid("有 GPU 看不到"),
            NodeFault.STRANGERS: msgid("有未登记的 GPU"),
        },
        WitnessVerdict: {
            WitnessVerdict.AGREEING: msgid("相符"),
            WitnessVerdict.PENDING: msgid("待见证"),
            WitnessVerdict.SINGLE: msgid("只有一方"),
            WitnessVerdict.CONTRADICTING: msgid("相反"),
            WitnessVerdict.GAP: msgid("无人计量"),
        },
        CourierFileKind: {
            CourierFileKind.BATCHES: msgid("批次文件"),
            CourierFileKind.ENROLMENT: msgid("注册请求"),
        },
        IncidentKind: {
            IncidentKind.CONTRADICTING: msgid("见证相反的用量"),
            IncidentKind.SINGLE: msgid("须有两个见证而只有一方的用量"),
            IncidentKind.GAP: msgid("无人计量、容器起止时间盖得住的空缺"),
        },
        WitnessReason: {
            WitnessReason.NEVER_RAN: msgid("从未运行"),
            WitnessReason.NOT_YET: msgid("还没有起来"),
            WitnessReason.OVER: msgid("已经结束"),
            WitnessReason.OTHER_NODE: msgid("在别的节点"),
            WitnessReason.ADMIN_ACCESS: msgid("管理员声明"),
            WitnessReason.NOT_THERE: msgid("没有这个 Pod"),
            WitnessReason.TIMES_COVER: msgid("见证有空缺，容器的起止时间盖得住"),
            WitnessReason.BLIND: msgid("见证有空缺"),
            WitnessReason.NO_WITNESS: msgid("没有见证"),
        },
    }
)
