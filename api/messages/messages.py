"""Every code that the program can answer with, and its sentence: the one place where they stand.

A sentence is Chinese here and English in `locale/en.po`; its `{fields}` are the parameters that
the code is raised with. Tests walk through the code for everything that is raised or found, and
fail on a code without a sentence, a field without a parameter, and a sentence without its English.
"""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid
from api.messages import claims as sentences_claims
from api.messages import documents as sentences_documents
from api.messages import payment as sentences_payment
from api.messages import policy as sentences_policy
from api.messages import reconciliation as sentences_reconcile
from api.messages import statements as sentences_lines

TITLES: Mapping[int, str] = MappingProxyType(
    {
        400: msgid("请求有误"),
        401: msgid("请先登录"),
        403: msgid("不允许"),
        404: msgid("找不到"),
        405: msgid("方法不对"),
        408: msgid("超时"),
        409: msgid("与已有记录不符"),
        413: msgid("内容过大"),
        422: msgid("内容不合要求"),
        429: msgid("请求过于频繁"),
        500: msgid("服务器出错"),
        503: msgid("暂时无法服务"),
    }
)
"""A problem's title, by its HTTP status."""

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "bad_signature": 401,
        "code_unusable": 403,
        "malformed": 400,
        "not_your_step": 403,
        "other_agent": 401,
        "wire_version": 400,
    }
)
"""Where a code's status is not the one of its kind of error."""

_HTTP = {
    "no_credential": msgid("此处需要登录，或在请求头 Authorization 中给出令牌"),
    "bad_credential": msgid("令牌或登录无效、已到期或已停用"),
    "not_your_role": msgid("您的角色（{role}）不能这样做"),
    "no_drill": msgid("此服务器没有演练时钟，或口令不对"),
    "bad_moment": msgid("演练时刻应写成 2026-11-01T09:00:00+08:00"),
    "cross_site": msgid("请求来自别的网站，未予执行"),
    "no_route": msgid("没有这个地址"),
    "no_method": msgid("这个地址不接受这种请求方法"),
    "http": msgid("请求无法处理（HTTP {status}）"),
    "invalid": msgid("请求中有 {count} 处不合要求"),
    "not_utf8": msgid("文件不是 UTF-8 编码（第 {byte} 字节处）"),
    "registry": msgid("登记文件有 {count} 处错误，未登记任何内容"),
    "too_large": msgid("内容超过上限：此处最多 {limit} 字节"),
    "too_slow": msgid("内容未能在 {seconds} 秒内送达"),
    "too_often": msgid("请求过于频繁，请在 {seconds} 秒后再试"),
    "unusable_value": msgid("有一个值无法存入：可能含有不允许的字符，或数字过大"),
    "changed_meanwhile": msgid("同一记录刚刚被别人改动，请重新查看后再试"),
    "busy": msgid("服务器繁忙，请稍后再试"),
    "unavailable": msgid("数据库暂不可用，请稍后再试"),
    "internal": msgid("服务器内部出错；请将编号 {request} 告知管理员"),
}

# One wrong field of a request, by what Pydantic calls it; `value` stands for all others.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": msgid("缺少此项"),
        "extra_forbidden": msgid("没有这一项"),
        "json_invalid": msgid("不是正确的 JSON"),
        "enum": msgid("应为以下之一：{expected}"),
        "literal_error": msgid("应为以下之一：{expected}"),
        "string_type": msgid("应为文字"),
        "string_too_short": msgid("至少 {min_length} 个字"),
        "string_too_long": msgid("最多 {max_length} 个字"),
        "string_pattern_mismatch": msgid("含有不允许的字符"),
        "month_pattern": msgid("月份应写成 2026-01"),
        "int_parsing": msgid("应为整数"),
        "float_parsing": msgid("应为数字"),
        "int_type": msgid("应为整数"),
        "bool_parsing": msgid("应为 true 或 false"),
        "dict_type": msgid("应为名称与值的对照"),
        "greater_than_equal": msgid("不得小于 {ge}"),
        "less_than_equal": msgid("不得大于 {le}"),
        "uuid_parsing": msgid("不是正确的编号（UUID）"),
        "date_from_datetime_parsing": msgid("日期应写成 2026-11-01"),
        "datetime_from_date_parsing": msgid("时刻应写成 2026-11-01T00:00:00+08:00"),
        "timezone_aware": msgid("时刻须带时区，如 2026-11-01T00:00:00+08:00"),
        "value": msgid("值不合要求：{reason}"),
    }
)

MONTH_PATTERN = r"^20\d\d-(0[1-9]|1[0-2])$"
PATTERNS: Mapping[str, str] = MappingProxyType({MONTH_PATTERN: "month_pattern"})
"""Patterns whose faults have a sentence of their own in `FIELDS`."""

_DOORS = {
    "token": msgid("没有编号为 {id} 的令牌"),
    "token_role": msgid("没有名为 {role} 的角色"),
    "token_project": msgid(
        "模型企业（builder）的令牌必须指定项目，其他角色不得指定（此处为 {role}）"
    ),
    "token_centre": msgid(
        "智算中心（operator）的令牌必须指定中心，其他角色不得指定（此处为 {role}）"
    ),
    "token_expired": msgid("到期时间 {expires_at} 已经过去"),
    "code_unusable": msgid("注册码不存在、已用过或已过期"),
    "key_known": msgid("这把公钥已经注册过；请在节点上换新的密钥"),
    "not_enrolment": msgid("不是一个注册请求：{detail}"),
    "source": msgid("没有名为 {source} 的数据来源，应为以下之一：{known}"),
    "agent": msgid("没有编号为 {id} 的采集端"),
    "centre": msgid("没有名为「{name}」的智算中心"),
    "cluster": msgid("没有名为「{name}」的集群"),
    "node": msgid("集群里没有名为「{name}」的节点"),
}

_AGENTS = {
    "unknown_agent": msgid("没有注册过这个采集端"),
    "revoked": msgid("节点「{node}」的采集端已被停用"),
    "bad_signature": msgid("签名与内容不符"),
    "malformed": msgid("不是一个批次：{detail}"),
    "wire_version": msgid("报文版本为 {version}，此处需要 {expected}"),
    "other_agent": msgid("批次自称来自采集端 {agent}，而签名者是另一个"),
    "fork": msgid("批次 {number} 已收到过不同的内容（分叉），此份已留作证据"),
    "ahead": msgid("批次 {number} 超前，此处等待的是 {expected}"),
}

_BOOKS = {
    "project": msgid("没有编号为「{code}」的项目"),
    "voucher": msgid("项目「{project}」还没有算力券"),
    "voucher_exists": msgid("项目「{project}」已按 {policy} 第 {clause} 条开券"),
    "clause": msgid("政策 {policy} 中没有第 {clause} 条"),
    "book": msgid("没有编号为 {book} 的账册"),
    "account": msgid("没有这个账户"),
    "cause_repeated": msgid("同一事由已经入过账，内容不同：{cause}"),
    "amount_out_of_range": msgid("金额须大于零，且不能过大"),
    "illegal_move": msgid("账簿不允许这样的变动"),
    "below_floor": msgid("账册 {book} 的 {role} 余额不足"),
}

_POLICY = {
    "policy": msgid("没有名为 {version} 的政策版本"),
    "policy_file": msgid("政策文件 {version} 自相矛盾（{where}：{fault}）"),
    "not_payable": msgid("政策 {policy} 没有施行日期或有问题尚未裁定，只能测算，不能开券"),
    "wrong_kind": msgid("第 {clause} 条不适用于此类项目（{kind}）"),
    "ineligible": msgid("按第 {clause} 条不符合条件"),
    "insufficient": msgid("按第 {clause} 条认定所需的材料不足"),
    "judgement": msgid("按第 {clause} 条须由人工认定"),
    "rejected": msgid("所报事实有误"),
    "condition_unmet": msgid("不符合「{words}」（{article}）"),
    "condition_to_judge": msgid("「{words}」须由人工认定（{article}）"),
    "fact_missing": msgid("缺少：{words}"),
    "unknown_clause": msgid("政策中没有第 {name} 条"),
    "unknown_fact": msgid("没有名为 {name} 的事实"),
    "not_a_choice": msgid("「{words}」应为所列选项之一"),
    "not_yes_no": msgid("「{words}」应为 true 或 false"),
    "not_fen": msgid("「{words}」应为以分计的整数"),
    "not_a_count": msgid("「{words}」应为整数"),
    "negative": msgid("「{words}」不能是负数"),
    "too_much": msgid("「{words}」过大"),
}

# Faults of the files that people write: first of their form, then of single values, then of sense.
_FILES = {
    "file_too_large": msgid("文件过大：最多 {limit} 字节"),
    "byte_order_mark": msgid("文件以 BOM 开头，请另存为不带 BOM 的 UTF-8"),
    "bad_character": msgid("含有不允许的字符"),
    "empty_file": msgid("文件是空的"),
    "tab": msgid("缩进用了制表符，YAML 只用空格"),
    "not_yaml": msgid("不是正确的 YAML（{problem}）"),
    "too_deep": msgid("层次过深：最多 {limit} 层"),
    "many_documents": msgid("一个文件只能有一份内容（多了一个 ---）"),
    "alias": msgid("不能使用锚点或别名（{name}）"),
    "tag": msgid("不能使用类型标签（{name}）"),
    "duplicate_key": msgid("同一名称写了两次，前一次在{first}"),
    "bad_key": msgid("名称不合要求"),
    "unknown_key": msgid("没有这一项"),
    "not_mapping": msgid("此处应写「名称: 值」"),
    "not_list": msgid("此处应为列表，每项以 - 开头"),
    "not_text": msgid("此处应为单个值"),
    "bad_name": msgid("应为 1 到 {limit} 个字，首尾无空格，不含控制字符"),
    "bad_handle": msgid("应为 1 到 64 个字符，不含空格和斜线"),
    "bad_day": msgid("日期应写成 2026-11-01，在 {first} 与 {last} 之间"),
    "bad_yes_no": msgid("应写 true 或 false"),
    "bad_price": msgid("应为不带符号、小于一亿的小数，如 12.5"),
    "bad_tax_rate": msgid("税率应为小于 1 的小数，如 0.06"),
    "bad_gpu": msgid("应为 GPU- 加小写的 UUID"),
    "bad_mig_profile": msgid("MIG 规格应形如 1g.10gb"),
    "bad_count": msgid("应为 1 到 {limit} 的整数"),
    "bad_choice": msgid("应为以下之一：{choices}"),
    "bad_id": msgid("编号的写法不对"),
    "bad_sentence": msgid("应为一句没有换行的话"),
    "bad_rate": msgid("比例应写成分数，如 30/100，不超过 1"),
    "bad_cap": msgid("上限应为大于零的金额（元，至多两位小数）"),
    "bad_threshold": msgid("与 {op} 相比的值写法不对"),
    "uscc_length": msgid("统一社会信用代码「{uscc}」不是 18 位"),
    "uscc_character": msgid("统一社会信用代码「{uscc}」含有不会出现的字符"),
    "uscc_department": msgid("统一社会信用代码「{uscc}」第 1 位不是登记管理部门代码"),
    "uscc_place": msgid("统一社会信用代码「{uscc}」第 3 至 8 位应为行政区划数字"),
    "uscc_check_digit": msgid("统一社会信用代码「{uscc}」校验位不符，请核对是否抄错"),
    "choices_mismatch": msgid("选项（choices）须且只能用于 choice 类事实"),
    "half_decided": msgid("裁定人与裁定日期须同时写明"),
    "reversed_days": msgid("截止日早于起始日 {since}"),
    "not_for_unit": msgid("计价单位 {unit} 没有这一项"),
    "profile_without_model": msgid("写了 MIG 规格就须写型号"),
    "one_holder": msgid("占用者须写且只写一种：pod、slurm 或 static"),
    "outside_contract": msgid("不在合同期限 {contract} 之内"),
    "duplicate": msgid("重复，前一处为 {first}"),
    "overlaps": msgid("与 {other} 的日期重叠"),
    "differs": msgid("{field} 与已登记的不同：已登记 {there}，此处 {here}"),
    "contradicts": msgid(
        "与已登记的事实不同：已登记 {there}，此处 {here}；确要更正请用 --supersede"
    ),
    "unknown_organisation": msgid("没有登记过机构 {name}"),
    "unknown_centre": msgid("没有登记过智算中心 {name}"),
    "unknown_cluster": msgid("没有登记过集群 {name}"),
    "unknown_model": msgid("型号目录中没有 {name}"),
    "unknown_project": msgid("没有登记过项目 {name}"),
    "unknown_contract": msgid("没有登记过合同 {name}"),
    "unknown_mig_profile": msgid("型号目录中没有 MIG 规格 {name}"),
    "unknown_question": msgid("没有编号为 {name} 的待定问题"),
    "not_in_text": msgid("所引文字不在{article}的原文中"),
}

_MACHINE = {
    "settings": msgid("环境变量 {variable} 有误：{detail}"),
    "linux_only": msgid("内置数据库只用于 Linux（此处 {platform}）；请设置 SUANQUAN_DATABASE_URL"),
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
    "database_url": msgid("数据库地址须以 postgresql:// 开头，此处为 {scheme}"),
    "unreachable": msgid("连不上数据库 {database}：{detail}"),
    "owner_may_not": msgid("数据库 {database} 的所有者权限不足：{detail}"),
    "database_busy": msgid("数据库 {database} 正被占用，升级未进行：{detail}"),
    "server_too_old": msgid("PostgreSQL {have} 太旧，需要 {want} 或更新"),
    "schema_newer": msgid("数据库结构（{have}）比本程序（{want}）新，请先升级程序"),
    "no_schema": msgid("数据库还是空的；请先运行 suanquan db upgrade"),
    "not_migrated": msgid("数据库结构为 {have}，本程序需要 {want}；请先运行 suanquan db upgrade"),
    "policy_changed": msgid("已发布的政策 {policy} 第 {clause} 条被改动；请另立版本"),
}

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        **_HTTP,
        **FIELDS,
        **_DOORS,
        **_AGENTS,
        **_BOOKS,
        **_POLICY,
        **_FILES,
        **_MACHINE,
        **sentences_lines.SENTENCES,
        **sentences_documents.SENTENCES,
        **sentences_reconcile.SENTENCES,
        **sentences_claims.SENTENCES,
        **sentences_payment.SENTENCES,
        **sentences_policy.SENTENCES,
    }
)
