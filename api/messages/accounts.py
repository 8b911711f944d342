"""Messages of projects, vouchers and the books."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "project": msgid("没有编号为「{code}」的项目"),
        "voucher": msgid("项目「{project}」还没有算力券"),
        "voucher_exists": msgid("项目「{project}」已按 {policy} 第 {clause} 条开券"),
        "clause": msgid("政策 {policy} 中没有第 {clause} 条"),
        "book": msgid("没有编号为 {book} 的账册"),
        "account": msgid("没有这个账户"),
        "posting": msgid("没有凭证号为 {number} 的过账"),
        "no_days": msgid("有效期须有一天以上：{since} 至 {until} 之间没有"),
        "rate_unchanged": msgid("从那一天起比例本来就是 {rate}"),
        "face_above_cap": msgid("面额须大于零，不超过条款的上限 {cap} 元"),
        "face_stands": msgid("这个项目已有算力券：面额和有效期另行提议更改"),
        "fact_line": msgid("应写成 名称=值：{line}"),
        "days_unchanged": msgid("有效期与现在相同"),
        "policy_not_open": msgid("政策版本 {policy} 不能止于 {until}：它没有生效，或者更早终止"),
        "cause_repeated": msgid("同一事由已经入过账，内容不同：{cause}"),
        "amount_out_of_range": msgid("金额须大于零，且不能过大"),
        "illegal_move": msgid("账簿不允许这样的变动"),
        "below_floor": msgid("账册 {book} 的 {role} 余额不足"),
    }
)
