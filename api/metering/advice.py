"""What the causes of incidents and the XIDs mean, and what to do.

An XID is NVIDIA's number for what the driver saw. The meanings are those of NVIDIA's XID catalogue
(https://docs.nvidia.com/deploy/xid-errors/), in short; in doubt the driver's version decides. A
number that is missing here is rare, not harmless.
"""

from dataclasses import dataclass

from api.language.i18n import gettext as _
from ledger.metering.rules.incidents import SILENT

XID_SOURCE = "https://docs.nvidia.com/deploy/xid-errors/"


@dataclass(frozen=True)
class Advice:
    """What happened, and what a person does about it."""

    event: str
    do: str


def causes() -> dict[str, Advice]:
    """Every cause of time that nobody saw."""
    return {
        SILENT: Advice(
            _("登记着的 GPU 没有任何说法：节点关机、断网、没有采集端，或卡已拆走而没有登记退役。"),
            _("先看节点最近的上报；断网的恢复后会自己补上；拆走的卡请经办登记退役日期。"),
        ),
        "agent_down": Advice(
            _("采集端不在运行：被停、被杀、节点重启，或升级时换了一个进程。"),
            _("升级时的几秒不用管；时间长的，在节点上看采集端的日志，运行 suanquan-agent doctor。"),
        ),
        "kubelet_unreachable": Advice(
            _("GPU 看得见，但问不到 kubelet 谁在占用。"),
            _("kubelet 重启的几秒不用管；一直如此，运行 doctor：多半是没有挂载目录，或不是 root。"),
        ),
        "nvml_error": Advice(
            _("驱动报错、卡死，或看不到任何 GPU。"),
            _("在节点上运行 nvidia-smi，看内核日志里的 NVRM；驱动卡死的，要重启节点。"),
        ),
        "gpu_lost": Advice(
            _("驱动说这块 GPU 已不在总线上，常与 XID 79 同时出现。同一节点别的卡照常计量。"),
            _("排空节点后重启；再犯，检查供电、插槽、散热，或换卡。"),
        ),
        "driver_reload": Advice(
            _("驱动被卸载、升级，或 GPU 被复位；装回之前读不到。"),
            _("计划内的不用管；久不恢复的，多半是容器里还挂着旧的驱动库：重启采集端的容器。"),
        ),
        "mig_reconfig": Advice(
            _("MIG 重新切分：前后两次观察之间不知道谁占用哪一片，至多约十秒。"),
            _("计划内的不用管；频繁出现，查是谁在改切分。"),
        ),
        "clock_step": Advice(
            _("节点的时钟被拨动了一秒半以上。"),
            _("用 NTP（如 chrony）慢慢校，不要手工拨钟。"),
        ),
        "spool_overflow": Advice(
            _("断网太久，节点上的上报队列放不下，最旧的分钟只剩「这里有过」。"),
            _("恢复到服务器的网络；给采集端的数据目录更大的空间。"),
        ),
        "exporter_unreachable": Advice(
            _("抓不到这块卡所在的导出器（dcgm-exporter、npu-exporter），或它的回答不完整。"),
            _("导出器重启的几十秒不用管；一直如此，看它的 Pod、网络策略、证书与令牌。"),
        ),
        "exporter_stale": Advice(
            _("导出器还在应答，但读数两分钟没有变过，或样本的时间已经过去一分钟：是旧的。"),
            _("重启导出器；再犯，查节点上的驱动和 DCGM。"),
        ),
    }


def xids() -> dict[int, Advice]:
    """The common XIDs; application errors first, then the hardware's."""
    app = _("多半是程序自己的错：请使用者查程序。反复出现在同一块卡上，才像硬件。")
    reset = _("排空后复位这块 GPU 或重启节点；再犯，联系供货商换卡。")
    watch = _("单独出现不用管；先看它前面的那个 XID。")
    return {
        13: Advice(_("计算引擎异常，例如越界访问、非法指令"), app),
        31: Advice(_("显存缺页：程序访问了无效的地址"), app),
        43: Advice(_("GPU 停止了一个程序的处理，别的程序不受影响"), app),
        45: Advice(_("预先清理：因前一个错误，或程序被中止，收回它的通道"), watch),
        68: Advice(_("视频解码器异常"), app),
        69: Advice(_("计算引擎的类错误"), app),
        109: Advice(_("上下文切换超时"), app),
        48: Advice(_("显存双比特 ECC 错误，无法纠正"), reset),
        61: Advice(_("内部微控制器停在断点"), reset),
        62: Advice(_("内部微控制器停机"), reset),
        63: Advice(
            _("坏显存已登记替换（行重映射或页退役）"),
            _("有空时复位这块 GPU，替换才生效；越来越多时换卡。"),
        ),
        64: Advice(_("坏显存替换失败"), reset),
        74: Advice(
            _("NVLink 出错"), _("查 NVLink 桥、NVSwitch 与 Fabric Manager；反复出现时报修。")
        ),
        79: Advice(_("GPU 从总线上掉了"), _("重启节点；再犯，检查供电、插槽、散热，或换卡。")),
        92: Advice(_("可纠正的 ECC 错误过于频繁"), _("暂可继续用；请留意，越来越多时换卡。")),
        94: Advice(
            _("无法纠正的 ECC 错误，只影响出错的那个程序"),
            _("重跑那个程序；有空时复位这块 GPU。"),
        ),
        95: Advice(_("无法纠正的 ECC 错误，影响这块卡上的所有程序"), reset),
        119: Advice(_("GPU 的系统处理器（GSP）应答超时"), reset),
        120: Advice(_("GPU 的系统处理器（GSP）出错"), reset),
        154: Advice(
            _("驱动说这块 GPU 需要恢复（复位、重启或排空）"), _("按内核日志里写明的动作处理。")
        ),
    }


def xid(code: int) -> Advice:
    """An XID's meaning, or where to look it up."""
    unknown = Advice(_("不常见的编号"), _("请查 NVIDIA 的 XID 目录。"))
    return xids().get(code, unknown)
