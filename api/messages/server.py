"""Messages of the machine: settings, folders, the embedded database, migrations, seals."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "settings": msgid("环境变量 {variable} 有误：{detail}"),
        "drill_of_real": msgid(
            "这个库里有真实的项目，不能标为演练：请加 --no-demo，并去掉 SUANQUAN_DRILL_CLOCK"
        ),
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
        "pooled": msgid(
            "数据库 {database} 前面是按事务分配连接的 PgBouncer：请设 SUANQUAN_DATABASE_POOLED=true"
        ),
        "pooled_owner": msgid(
            "设了 SUANQUAN_DATABASE_POOLED，升级、备份等须直连数据库："
            "请设 SUANQUAN_DATABASE_OWNER_URL"
        ),
        "owner_may_not": msgid("数据库 {database} 的所有者权限不足：{detail}"),
        "check_needs_role": msgid(
            "属主不能以应用的身份试：请由超级用户执行 GRANT {role} TO {owner}，属主因此不多任何权利"
        ),
        "database_busy": msgid("数据库 {database} 正被占用，升级未进行：{detail}"),
        "server_too_old": msgid("PostgreSQL {have} 太旧，需要 {want} 或更新"),
        "schema_newer": msgid("数据库结构（{have}）比本程序（{want}）新，请先升级程序"),
        "citus_absent": msgid(
            "这个库里没有 Citus：请在每台机器上装好它，写进 shared_preload_libraries 并重启，"
            "再以超级用户在每台机器的这个库里执行 CREATE EXTENSION citus"
        ),
        "citus_worker": msgid("这是工作节点；请让数据库地址指向协调节点"),
        "citus_alone": msgid(
            "还没有工作节点；请以超级用户执行 SELECT citus_add_node('主机', 端口)"
        ),
        "citus_servers": msgid("还有 {count} 个连接是服务器的；请先停下各台服务器"),
        "citus_login": msgid(
            "{role} 在这里不能登录；工作节点是以各自的登录进入的："
            "请在每台机器上有同名、能登录的角色，"
            "协调节点的 pg_dist_authinfo 或 .pgpass 里有它的口令"
        ),
        "citus_silent": msgid("没有应答：{detail}"),
        "citus_other_login": msgid(
            "应用以 {user} 登录；请让 SUANQUAN_DATABASE_URL 用 {role} 自己的登录，"
            "SUANQUAN_DATABASE_OWNER_URL 用属主的"
        ),
        "citus_other_column": msgid("已按 {have} 分布，应按 {want}：请先 undistribute_table"),
        "spread_busy": msgid("正有另一次升级或分布，请稍后再试"),
        "spread_refused": msgid("Citus 拒绝了 {statement}：{detail}"),
        "spread_unread": msgid("已分布，{role} 却读不到：{detail}"),
        "no_schema": msgid("数据库还是空的；请先运行 suanquan db upgrade"),
        "not_migrated": msgid(
            "数据库结构为 {have}，本程序需要 {want}；请先运行 suanquan db upgrade"
        ),
        "backup_absent": msgid("备份里缺少 {name}"),
        "stamp_away": msgid("时间戳机构不可用，或它的回答不成立：{detail}"),
        "backup_away": msgid("备份的地方 {store} 不可用：{detail}"),
        "backup_broken": msgid("备份的 {name} 读不了：{detail}"),
        "backup_busy": msgid("正有另一次备份或清理，请稍后再试"),
        "backup_extra": msgid("备份到 S3 需要安装 suanquan[archive]"),
        "backup_foreign": msgid(
            "这份备份来自另一个 PostgreSQL，不能放进内置的数据目录；请用 --into 恢复到新文件夹"
        ),
        "backup_forged": msgid("备份的 {name} 不是这对密钥的服务器写的，或已被改动"),
        "backup_format": msgid("备份的 {name} 是第 {have} 版，本程序读第 {want} 版"),
        "backup_key": msgid("密钥文件 {path} 不能用：{detail}"),
        "backup_login": msgid(
            "数据库不是内置的：请在 SUANQUAN_BACKUP_DATABASE_URL 写明有 REPLICATION 权的登录"
        ),
        "backup_major": msgid(
            "备份来自 PostgreSQL {want}，本机没有这个大版本的程序（有 {have}）；请先安装"
        ),
        "backup_none": msgid("那里没有完整的备份"),
        "backup_place": msgid("没有写明备份在哪里：请设 SUANQUAN_BACKUP，或写 --from"),
        "backup_room": msgid("写不了 {path}：{detail}"),
        "backup_sealed": msgid("备份的 {name} 不能用这把读密钥解开，或不完整"),
        "backup_secret": msgid("备份的地址里不要写密钥；请用 AWS 的变量或文件"),
        "backup_source": msgid("备份的登录连不上数据库：{detail}"),
        "backup_tablespaces": msgid("数据库有 {count} 个另外的表空间，备份不了；请先移回默认的"),
        "backup_timeline": msgid("备份时主库换了（时间线 {have}，原为 {want}）；请再备份一次"),
        "backup_too_early": msgid("最早能恢复到 {first}"),
        "backup_unbound": msgid(
            "数据库没有设 max_slot_wal_keep_size：备份停了，WAL 会占满它的磁盘；请先设一个上限"
        ),
        "backup_unreachable": msgid(
            "不能恢复到那一刻：那之前最晚到 {last}，之后的 WAL 没有存下；下一份备份从 {next} 起"
        ),
        "drill_unsealed": msgid(
            "恢复到的那一刻还没有封存过，无从核对；请先封存（suanquan seal now）"
        ),
        "restore_not_empty": msgid("{path} 已经有了；只恢复到空的地方"),
        "dump_place": msgid("放转储的目录 {path} 不可用：{detail}"),
        "dump_busy": msgid("{path} 正有另一次转储"),
        "dump_exists": msgid("{path} 已经有了；同一秒里只有一份"),
        "dump_key": msgid("密钥文件 {path} 不能用：{detail}"),
        "dump_absent": msgid("转储不完整：{path}：{detail}"),
        "dump_broken": msgid("转储的清单 {path} 读不了：{detail}"),
        "dump_format": msgid("转储的清单 {path} 是第 {have} 版，本程序读第 {want} 版"),
        "dump_needs_key": msgid("转储 {path} 是加密的，请给出密钥（--key）"),
        "dump_forged": msgid("转储的清单 {path} 不是用这把密钥写的，或已被改动"),
        "dump_changed": msgid("转储文件 {path} 已被改动或不完整（{have} 字节，应为 {want}）"),
        "dump_sealed": msgid("转储不能用这把密钥解开，或不完整"),
        "dump_newer": msgid("转储由更新的程序 {program} 写成（结构 {revision}），请先升级程序"),
        "dump_not_empty": msgid("数据库不是空的（已有 {count} 张表），转储只载入到空的数据库"),
        "dump_other_rows": msgid("载入后的行数与清单不符：{tables}"),
        "dump_program": msgid("{program} 未完成：{detail}"),
        "seal": msgid("没有第 {number} 次封存"),
        "seal_busy": msgid("正有另一次封存，请稍后再试"),
        "seal_clock": msgid("时钟在上一次封存（{last}）之前，不能封存；请先查明时钟"),
        "seal_broken": msgid(
            "上一次封存（第 {number} 次）的封首或签名不对，不能接着封存；请先核验"
        ),
        "audit_period": msgid("一次至多 {months} 个账期，先写第一个，再写最后一个"),
        "certificate": msgid("没有编号 {number} 的证明，或校验码不对"),
        "certificate_period": msgid("一份证明至多 {months} 个账期，先写第一个，再写最后一个"),
        "certificate_unsealed": msgid("还没有封存过，不能签发证明"),
        "seal_keyless": msgid("这台服务器没有封存密钥（SUANQUAN_SEAL_KEY），签不了名"),
        "unproven": msgid("{relation} 的 {key} 不在任何封首的树里；请先核验"),
        "seal_month_open": msgid("{month} 还没有结束，不能作月末封存"),
        "seal_month_known": msgid("{month} 已经作过月末封存"),
        "seal_key_unknown": msgid(
            "密钥 {key}… 不能封存：封存用的是密钥 {expected}…（SUANQUAN_SEAL_KEY）"
        ),
        "archive_away": msgid("归档现在打不开，要看的证据在那里；额度、计费和支付照常，请稍后再试"),
        "archive_busy": msgid("正有另一次归档，请稍后再试"),
        "archive_differs": msgid(
            "流 {stream} 从第 {number} 批起的一卷，写入归档后读回的与封存的不同，没有归档；请先核验"
        ),
        "archive_early": msgid("{month} 之后还没有过完整整一个月，不能归档"),
        "archive_extra": msgid(
            "读写归档要用 pyarrow，这里没有安装：pip install 'suanquan[archive]'"
        ),
        "archive_file": msgid("归档文件 {file} 缺失，或已不是归档时的样子；请核验"),
        "archive_place": msgid("没有指定归档放在哪里：SUANQUAN_ARCHIVE 或 --to"),
        "archive_not_packed": msgid("{month} 的窗口还没有整理完（{day}），请稍后再归档"),
        "archive_secret": msgid(
            "归档的地址里不能写密钥；请用 AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY"
        ),
        "archive_unsealed": msgid("{month} 还没有作月末封存，不能归档"),
        "batch_archived": msgid("要用的批次已归档，现已从归档取回，请再试一次"),
        "export_file": msgid("{path} 不是能读的导出文件：{detail}"),
        "seal_key_file": msgid("封存密钥文件 {path} 不能用：{detail}"),
        "seal_key_open": msgid("封存密钥文件 {path} 别人也能读；请改为只有所有者可读（0600）"),
        "seal_key_lost": msgid("封存过，密钥文件 {path} 却不见了；请从保管处放回"),
        "policy_changed": msgid("已发布的政策 {policy} 第 {clause} 条被改动；请另立版本"),
    }
)
