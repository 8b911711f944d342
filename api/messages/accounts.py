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
        "year_out_of_range": msgid("年份须在 {first} 至 {last} 之间"),
        "year_cap_unchanged": msgid("自 {year} 年起，年度上限本来就是这样"),
        "year_cap_below_drawn": msgid("{year} 年已认定 {lowest} 元，年度上限不能低于它"),
        "voucher_clause": msgid("没有能开券的第 {clause} 条"),
        "pool_without_clauses": msgid("新的年度资金池须写明由哪些条款的算力券共用"),
        "pool_clauses_stand": msgid("这个年度资金池属于条款 {clauses}，不能改"),
        "pool_unchanged": msgid("年度资金池的金额已是 {cap} 元"),
        "pool_below_drawn": msgid("年度资金池已认定 {lowest} 元，不能低于它"),
        "clause_in_pool": msgid("第 {clause} 条在 {year} 年已属于年度资金池「{pool}」"),
        "no_days": msgid("有效期须有一天以上：{since} 至 {until} 之间没有"),
        "rate_unchanged": msgid("从那一天起比例本来就是 {rate}"),
        "face_above_cap": msgid("面额须大于零，不超过条款的上限 {cap} 元"),
        "face_stands": msgid("这个项目已有算力券：面额和有效期另行提议更改"),
        "fact_line": msgid("应写成 名称=值：{line}"),
        "days_unchanged": msgid("有效期与现在相同"),
        "policy_not_open": msgid("政策版本 {policy} 不能止于 {until}：它没有生效，或者更早终止"),
        "cause_repeated": msgid("同一事由已经入过账，内容不同：{cause}"),
        "not_drawn": msgid("超出年度上限或年度资金池：没有从相应年度支取"),
        "amount_out_of_range": msgid("金额须大于零，且不能过大"),
        "illegal_move": msgid("账簿不允许这样的变动"),
        "below_floor": msgid("账册 {book} 的 {role} 余额不足"),
        "close_obstructed": msgid("{month} 现在不能结，有 {count} 处"),
        "close_too_early": msgid("最早 {day} 才能结"),
        "closed_before": msgid("已经结过"),
        "month_before_open": msgid("先结 {month}"),
        "usage_open": msgid("用量还没有结"),
        "invariant_broken": msgid("账不平：{why}"),
        "close_changed": msgid("{month} 的数字与提出时不同，请退回，再提出一次"),
    }
)
