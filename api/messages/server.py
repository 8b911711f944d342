"""Messages of the machine: settings, folders, the embedded database, migrations."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "settings": msgid("环境变量 {variable} 有误：{detail}"),
        "linux_only": msgid(
            "内置数据库只用于 Linux（此处 {platform}）；请设置 SUANQUAN_DATABASE_URL"
        ),
        "folder_not_ours": msgid("数据目录 {path} 不归 {account} 独有"),
        "folder_denied": msgid("数据目录 {path} 不可用：{detail}"),
        "folder_closed": msgid(
            "帐户 {account} 进不了 {path}；请换一个 SUANQUAN_DATA 或放开该目录的通过权限"
        ),
        "in_use": msgid("数据目录 {path} 正被进程 {pid} 使用"),
        "not_a_cluster": msgid("{path} 不是完好的数据库目录"),
        "other_major": msgid("{path} 是 PostgreSQL {have} 的数据，本程序带的是 {want}；请先转换"),
        "password_lost": msgid("数据库还在，口令文件 {path} 却不见了；请从备份恢复它"),
        "never_started": msgid("数据目录 {path} 中的数据库还没有启动过，或无权读取：{detail}"),
        "initdb_failed": msgid("未能在 {path} 建立数据库：{detail}"),
        "server_stays": msgid("{path} 的旧数据库进程 {pid} 不肯退出"),
        "server_failed": msgid("数据库未能启动：{detail}（日志：{log}）"),
        "no_account": msgid("以 root 运行时需要一个普通帐户来运行数据库，试过：{tried}"),
        "no_binaries": msgid("找不到 PostgreSQL 程序，试过：{tried}"),
        "programs_not_copied": msgid("未能把 PostgreSQL 程序复制到 {path}：{detail}"),
        "database_url": msgid("数据库地址须以 postgresql:// 开头，此处为 {scheme}"),
        "unreachable": msgid("连不上数据库 {database}：{detail}"),
        "owner_may_not": msgid("数据库 {database} 的所有者权限不足：{detail}"),
        "database_busy": msgid("数据库 {database} 正被占用，升级未进行：{detail}"),
        "server_too_old": msgid("PostgreSQL {have} 太旧，需要 {want} 或更新"),
        "schema_newer": msgid("数据库结构（{have}）比本程序（{want}）新，请先升级程序"),
        "no_schema": msgid("数据库还是空的；请先运行 suanquan db upgrade"),
        "not_migrated": msgid(
            "数据库结构为 {have}，本程序需要 {want}；请先运行 suanquan db upgrade"
        ),
        "policy_changed": msgid("已发布的政策 {policy} 第 {clause} 条被改动；请另立版本"),
    }
)
