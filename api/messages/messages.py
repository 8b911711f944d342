"""Every code that the program can answer with, and its sentence: a module for each room.

A sentence is Chinese here and English in `locale/en.po`; its `{fields}` are the parameters that
the code is raised with. Tests walk through the code for everything that is raised or found, and
fail on a code without a sentence, a field without a parameter, and a sentence without its English.
"""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid
from api.messages import (
    accounts,
    claims,
    documents,
    door,
    formats,
    metering,
    payment,
    policy,
    reconciliation,
    registry,
    server,
    statements,
)

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
        421: msgid("找错了服务器"),
        422: msgid("内容不合要求"),
        429: msgid("请求过于频繁"),
        500: msgid("服务器出错"),
        503: msgid("暂时无法服务"),
    }
)
"""A problem's title, by its HTTP status."""

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "archive_file": 503,
        "bad_signature": 401,
        "code_unusable": 403,
        "malformed": 400,
        "not_your_claim": 403,
        "not_your_step": 403,
        "other_agent": 401,
        "wire_version": 400,
    }
)
"""Where a code's status is not the one of its kind of error."""

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
        "hidden_characters": msgid("含有看不见的或颠倒文字方向的字符，请重新输入"),
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

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        **FIELDS,
        **door.SENTENCES,
        **formats.SENTENCES,
        **server.SENTENCES,
        **accounts.SENTENCES,
        **registry.SENTENCES,
        **metering.SENTENCES,
        **documents.SENTENCES,
        **statements.SENTENCES,
        **reconciliation.SENTENCES,
        **policy.SENTENCES,
        **claims.SENTENCES,
        **payment.SENTENCES,
    }
)
"""Every code's sentence."""
