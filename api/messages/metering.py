"""Messages to agents: enrolment and batches."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "unknown_agent": msgid("没有注册过这个采集端"),
        "revoked": msgid("节点「{node}」的采集端已被停用"),
        "batch": msgid("流 {stream} 没有第 {number} 批"),
        "bad_signature": msgid("签名与内容不符"),
        "malformed": msgid("不是一个批次：{detail}"),
        "wire_version": msgid("报文版本为 {version}，此处需要 {expected}"),
        "other_agent": msgid("批次自称来自采集端 {agent}，而签名者是另一个"),
        "nothing_to_explain": msgid("这段时间、这个范围里没有要说明的用量，或已说明过"),
        "incident_ruled": msgid("编号为 {id} 的用量事件已经判定"),
        "time_backwards": msgid("止须在起之后"),
        "nothing_waits": msgid("没有这样隔离着的窗口"),
        "nothing_to_correct": msgid("这个月没有等人裁定的更正"),
        "correction_unsigned": msgid("有更正不在本集群采集端签名的批次里，不能裁定"),
        "not_its_day": msgid("只有因日期而隔离的窗口由人放行；其余的，原因消除后自动放行"),
        "gpu": msgid("此集群没有登记 GPU {name}"),
        "courier_file": msgid("没有编号为 {id} 的信使文件"),
        "courier_another_format": msgid("不是采集端写的批次文件或注册请求"),
        "courier_another_version": msgid("是本程序不认识的版本"),
        "courier_cut_off": msgid("没有写完或没有拷完（到第 {line} 行）：请重新拷贝；什么也没有用"),
        "courier_changed": msgid("与其摘要不符（第 {line} 行）：请重新拷贝；什么也没有用"),
        "courier_unreadable_line": msgid("第 {line} 行损坏：请重新拷贝；什么也没有用"),
        "fork": msgid("批次 {number} 已收到过不同的内容（分叉），此份已留作证据"),
        "agent_share": msgid(
            "采集端今天的份额不够了：加上这一批，上报 {bytes} 字节、隔离 {aside} 个窗口、"
            "冲突 {conflicts} 个；窗口留在节点上，过后再报"
        ),
        "ahead": msgid("批次 {number} 超前，此处等待的是 {expected}"),
    }
)
