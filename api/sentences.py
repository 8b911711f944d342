"""Every code that the program can answer with, and its sentence: the one place where they stand.

A sentence is Chinese here and English in `locale/en.po`; its `{fields}` are the parameters that
the code is raised with. Tests walk through the code for everything that is raised or found, and
fail on a code without a sentence, a field without a parameter, and a sentence without its English.
"""

from collections.abc import Mapping
from types import MappingProxyType

TITLES: Mapping[int, str] = MappingProxyType(
    {
        400: "请求有误",
        401: "请先登录",
        403: "不允许",
        404: "找不到",
        405: "方法不对",
        408: "超时",
        409: "与已有记录不符",
        413: "内容过大",
        415: "格式不支持",
        422: "内容不合要求",
        429: "请求过于频繁",
        500: "服务器出错",
        503: "暂时无法服务",
    }
)
"""A problem's title, by its HTTP status."""

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "bad_signature": 401,
        "code_unusable": 403,
        "malformed": 400,
        "other_agent": 401,
        "wire_version": 400,
    }
)
"""Where a code's status is not the one of its kind of error."""

_HTTP = {
    "no_credential": "此处需要登录，或在请求头 Authorization 中给出令牌",
    "bad_credential": "令牌或登录无效、已到期或已停用",
    "not_your_role": "您的角色（{role}）不能这样做",
    "cross_site": "请求来自别的网站，未予执行",
    "no_route": "没有这个地址",
    "no_method": "这个地址不接受 {method} 方法",
    "http": "请求无法处理（HTTP {status}）",
    "invalid": "请求中有 {count} 处不合要求，见 findings",
    "not_utf8": "文件不是 UTF-8 编码（第 {byte} 字节处）",
    "registry": "登记文件有 {count} 处错误，未登记任何内容；见 findings",
    "too_large": "内容超过上限：此处最多 {limit} 字节",
    "too_slow": "内容未能在 {seconds} 秒内送达",
    "too_often": "请求过于频繁，请在 {seconds} 秒后再试",
    "unusable_value": "有一个值无法存入：可能含有不允许的字符，或数字过大",
    "changed_meanwhile": "同一记录刚刚被别人改动，请重新查看后再试",
    "busy": "服务器繁忙，请稍后再试",
    "unavailable": "数据库暂不可用，请稍后再试",
    "internal": "服务器内部出错；请将编号 {request} 告知管理员",
}

# One wrong field of a request, by what Pydantic calls it; `value` stands for all others.
_FIELDS = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这一项",
    "json_invalid": "不是正确的 JSON",
    "value": "值不合要求：{reason}",
}

_DOORS = {
    "token": "没有编号为 {id} 的令牌",
    "token_role": "没有名为 {role} 的角色",
    "token_project": "模型企业（builder）的令牌必须指定项目，其他角色不得指定（此处为 {role}）",
    "token_centre": "智算中心（operator）的令牌必须指定中心，其他角色不得指定（此处为 {role}）",
    "token_expired": "到期时间 {expires_at} 已经过去",
    "code_unusable": "注册码不存在、已用过或已过期",
    "key_known": "这把公钥已经注册过；请在节点上换新的密钥",
    "agent": "没有编号为 {id} 的采集端",
    "centre": "没有名为「{name}」的智算中心",
    "cluster": "没有名为「{name}」的集群",
}

_AGENTS = {
    "unknown_agent": "没有注册过这个采集端",
    "revoked": "节点「{node}」的采集端已被停用",
    "bad_signature": "签名与内容不符",
    "malformed": "不是一个批次：{detail}",
    "wire_version": "报文版本为 {version}，此处需要 {expected}",
    "other_agent": "批次自称来自采集端 {agent}，而签名者是另一个",
    "fork": "批次 {number} 已收到过不同的内容（分叉），此份已留作证据",
    "ahead": "批次 {number} 超前，此处等待的是 {expected}",
}

_PROJECTS = {
    "project": "没有编号为「{code}」的项目",
    "voucher": "项目「{project}」还没有算力券",
}

_MACHINE = {
    "settings": "环境变量 {variable} 有误：{detail}",
    "database_url": "数据库地址须以 postgresql:// 开头，此处为 {scheme}",
    "unreachable": "连不上数据库 {database}：{detail}",
    "owner_may_not": "数据库 {database} 的所有者权限不足：{detail}",
    "database_busy": "数据库 {database} 正被占用，升级未进行：{detail}",
    "server_too_old": "PostgreSQL {have} 太旧，需要 {want} 或更新",
    "schema_newer": "数据库结构（{have}）比本程序（{want}）新，请先升级程序",
    "not_migrated": "数据库结构为 {have}，本程序需要 {want}；请先运行 suanquan db upgrade",
}

SENTENCES: Mapping[str, str] = MappingProxyType(
    {**_HTTP, **_FIELDS, **_DOORS, **_AGENTS, **_PROJECTS, **_MACHINE}
)
