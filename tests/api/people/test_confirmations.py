"""Whatever a second person confirms asks for a code again: by every act, and under raw SQL."""

from collections.abc import Iterator

import psycopg
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.app import ROUTERS
from api.door.route_table import API, SAFE
from api.people.events.acts import ACTS
from api.people.step_up import prover
from ledger.people.codes import Role
from tests.support.api.logins import Person, accept, invite
from tests.support.api.town import Town

# A second person's word, which counts at once; and the bank's, as a cashier brings it.
# (`/sessions/oidc` links a login, and asks as well.)
CONFIRMING = {
    "答复决定", "确认令牌", "核对单据", "核对付款凭证", "确认抵扣", "登记查验结果", "关联统一认证",
    "收银行回单",
}  # fmt: skip
# One person's word that a second one confirms, before money moves, by one of those.
PROPOSING = {words for words in ACTS.values() if words.startswith("提出")} | {
    "交单据", "交抵扣的书面同意", "登记付款凭证", "登记抵扣", "登记", "登记所见的 GPU", "签发令牌",
    "邀请设定账号", "按名单邀请", "月结",
}  # fmt: skip
# What moves money without a second person: figures that follow from what others proved, and what
# only holds money back; and one clerk's word on late usage and on who reports it.
FOLLOWING = {
    "计费并计提", "匹配单据", "移动匹配的金额", "预留额度", "释放预留",
    "冻结或解冻单据", "重新核对隔离的用量", "放行隔离的用量", "批准采集端", "上报批次",
}  # fmt: skip
# Words, files and steps on the way, credentials of one's own, and looking.
TELLING = {
    "停用令牌", "换新自己的令牌", "停用自己的令牌", "结束自己的登录", "结束一个人的登录",
    "解除统一认证", "设定账号", "改口令", "用令牌登录", "用口令登录", "用一次性链接登录",
    "扮演演练的人", "统一认证退出", "退出登录", "预览登记", "发注册码", "注册采集端",
    "停用采集端", "收信使的文件", "说明用量事件", "试算政策", "写明单据的期间", "出对账单",
    "答复对账单", "预览对账", "询问中心", "答复询问", "交申请材料", "办理申请", "登记异议",
    "处理异议", "挂起申请", "了结挂起", "取申请的卷宗", "开算力计量证明",
}  # fmt: skip
OWN = ("定时：", "本机：")


def asks(dependant: Dependant) -> bool:
    return any(part.call is prover or asks(part) for part in dependant.dependencies)


def routes() -> Iterator[tuple[str, bool]]:
    """What each act that changes something does, and whether it asks for a code."""
    for prefix, router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in (route.methods or set()) - SAFE:
                path = f"{method} {(prefix + route.path).removeprefix(API)}"
                yield ACTS[path], asks(route.dependant)


def test_every_act_is_of_one_kind() -> None:
    kinds = (CONFIRMING, PROPOSING, FOLLOWING, TELLING)
    acts = {words for words in ACTS.values() if not words.startswith(OWN)}
    assert acts == set().union(*kinds)
    assert len(acts) == sum(map(len, kinds))


def test_whatever_confirms_asks_and_nothing_else_does() -> None:
    by_another_way = {
        "登记查验结果",  # a program's upload confirms nothing where a code is wanted; the page asks
        "关联统一认证",  # at the door of single sign-on (`tests/api/people/sso/`)
    }
    for act, is_asked in routes():
        assert is_asked == (act in CONFIRMING) or act in by_another_way, act


def test_each_table_of_second_persons_asks_under_raw_sql(owner: psycopg.Connection) -> None:
    asking = owner.execute(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger JOIN pg_proc p ON p.oid = tgfoid"
        " WHERE p.proname = 'confirmed_with_code'"
    ).fetchall()
    rows = owner.execute(
        "SELECT tgrelid::regclass::text, bool_or(p.proname = 'confirmed_with_code') FROM pg_trigger"
        " JOIN pg_proc p ON p.oid = tgfoid WHERE NOT tgisinternal AND tgrelid IN (SELECT t.tgrelid"
        " FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid"
        " WHERE f.prosrc LIKE '%%second_refused(%%') GROUP BY 1"
    ).fetchall()
    assert dict(rows) == dict.fromkeys(("decisions", "deductions", "receipts", "tokens"), True)
    assert {table for (table,) in asking} == {*dict(rows), "bank_returns"}


@pytest.fixture
def builder(town: Town) -> Person:
    """A builder who has come in with a code, where codes are asked for."""
    invitation = invite(town, "builder", project="p-mine")
    person = accept(town, invitation)
    town.app.state.settings = town.app.state.settings.model_copy(update={"step_up_minutes": 5})
    return person


def test_a_deduction_and_a_receipt_ask(town: Town, builder: Person) -> None:
    headers = town.headers(Role.BUILDER)
    answer = town.client.post("/api/v1/deductions/1/confirm", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "step_up_none")
    path = "/api/v1/cost-documents/1/receipts/check?reference=1"
    answer = town.client.post(path, headers=town.headers(Role.CLERK))
    assert (answer.status_code, answer.json()["code"]) == (422, "step_up_none")
    fresh = builder.client.post("/deductions/1/confirm")
    assert fresh.status_code == 404, "she came in with a code just now, and there is none"
