"""What an event did and to what, in words: by the route, the server's round or the command.

A page and the API that do the same act have the same words, and looking has one for all of them. A
test finds a route, a round or a command that has no words here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from api.door.route_table import API, SAFE
from api.language.i18n import gettext as _
from api.language.i18n import msgid

# By what is done: the routes of the API (without their prefix), and of pages.
_ACTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # People.
        msgid("签发令牌"): ("POST /tokens", "POST /people/tokens"),
        msgid("邀请设定账号"): ("POST /invitations", "POST /people/invitations"),
        msgid("按名单邀请"): ("POST /persons", "POST /people/workbook"),
        msgid("确认令牌"): (
            "POST /tokens/{token}/confirmation",
            "POST /people/tokens/{token}/confirmation",
        ),
        msgid("停用令牌"): ("DELETE /tokens/{token}", "POST /people/tokens/{token}/end"),
        msgid("换新自己的令牌"): ("POST /tokens/renew", "POST /tokens/renewal"),
        msgid("停用自己的令牌"): ("DELETE /own/tokens/{token}", "POST /tokens/{token}/end"),
        msgid("结束自己的登录"): (
            "DELETE /sessions/{session}",
            "POST /sessions/{session}/end",
            "POST /sessions/end-others",
        ),
        msgid("结束一个人的登录"): (
            "DELETE /persons/{person}/sessions",
            "POST /people/{person}/sign-out",
        ),
        msgid("关联统一认证"): ("POST /sessions/oidc",),
        msgid("解除统一认证"): ("POST /sessions/oidc/end",),
        msgid("设定账号"): ("POST /invitation",),
        msgid("改口令"): ("POST /password",),
        msgid("用令牌登录"): ("POST /sign-in",),
        msgid("用口令登录"): ("POST /sign-in/password",),
        msgid("用一次性链接登录"): ("POST /sign-in/once",),
        msgid("扮演演练的人"): ("POST /sign-in/drill",),
        msgid("统一认证退出"): ("POST /sign-in/oidc/logout",),
        msgid("退出登录"): ("POST /sign-out",),
        msgid("答复决定"): ("POST /decisions/{key}/answer", "POST /decisions/{decision}"),
        # The registry and agents.
        msgid("登记"): (
            "POST /registry",
            "POST /registry/file",
            "POST /registry/{section}/new",
        ),
        msgid("预览登记"): ("POST /registry/preview",),
        msgid("登记所见的 GPU"): ("POST /inventory",),
        msgid("发注册码"): ("POST /enrolment-codes", "POST /agents/codes"),
        msgid("注册采集端"): ("POST /agents", "POST /enrolment-requests"),
        msgid("批准采集端"): ("POST /agents/{agent}/approval",),
        msgid("停用采集端"): ("DELETE /agents/{agent}", "POST /agents/{agent}/end"),
        msgid("收信使的文件"): ("POST /courier",),
        msgid("上报批次"): ("POST /batches",),
        # Usage.
        msgid("放行隔离的用量"): (
            "POST /quarantine/admissions",
            "POST /findings/admissions",
        ),
        msgid("重新核对隔离的用量"): ("POST /quarantine/release",),
        msgid("提出认定容量"): ("POST /capacities", "POST /findings/capacities"),
        msgid("提出更正用量"): ("POST /corrections", "POST /findings/corrections"),
        msgid("说明用量事件"): ("POST /incidents", "POST /evidence/incidents"),
        msgid("提出裁定用量事件"): ("POST /incidents/{incident}/ruling",),
        msgid("计费并计提"): ("POST /accruals",),
        # Vouchers and the policy.
        msgid("提出开券"): ("POST /projects/{code}/voucher",),
        msgid("提出按工作簿开券"): ("POST /vouchers", "POST /projects/vouchers"),
        msgid("提出调整上限"): ("POST /projects/{code}/cap",),
        msgid("提出年度上限"): ("POST /projects/{code}/year-cap",),
        msgid("提出额度失效"): ("POST /projects/{code}/lapse",),
        msgid("提出补贴比例"): ("POST /projects/{code}/rate",),
        msgid("提出有效期"): ("POST /projects/{code}/validity",),
        msgid("预留额度"): ("POST /projects/{code}/reservations",),
        msgid("释放预留"): ("DELETE /projects/{code}/reservations/{key}",),
        msgid("提出资金池"): ("POST /pools",),
        msgid("提出政策版本终止"): ("POST /policies/{version}/end",),
        msgid("提出政策版本可付"): ("POST /policies/{version}/payable",),
        msgid("试算政策"): ("POST /evaluations",),
        # Documents.
        msgid("交单据"): (
            "POST /cost-documents",
            "POST /cost-documents/keyed",
            "POST /cost-documents/list",
            "POST /documents",
            "POST /documents/new",
        ),
        msgid("核对单据"): ("POST /cost-documents/confirmations", "POST /documents/confirm"),
        msgid("登记抵扣"): (
            "POST /cost-documents/{document}/deductions",
            "POST /documents/{document}/deductions",
        ),
        msgid("确认抵扣"): ("POST /deductions/{deduction}/confirm",),
        msgid("交抵扣的书面同意"): ("POST /deductions/{deduction}/consent",),
        msgid("提出调减抵扣"): ("POST /deductions/{deduction}/fall",),
        msgid("冻结或解冻单据"): (
            "POST /cost-documents/{document}/freeze",
            "DELETE /cost-documents/{document}/freeze",
            "POST /documents/{document}/freeze",
        ),
        msgid("登记查验结果"): (
            "POST /cost-documents/{document}/lookups",
            "POST /documents/{document}/lookups",
        ),
        msgid("写明单据的期间"): (
            "POST /cost-documents/{document}/period",
            "POST /documents/{document}/period",
        ),
        msgid("登记付款凭证"): (
            "POST /cost-documents/{document}/receipts",
            "POST /documents/{document}/receipts",
        ),
        msgid("核对付款凭证"): (
            "POST /cost-documents/{document}/receipts/check",
            "POST /documents/{document}/receipts/check",
        ),
        msgid("提出红字冲回的行"): (
            "POST /red-documents/{key}/parts",
            "POST /reconcile/reds/{document}",
        ),
        # Statements and reconciliation.
        msgid("出对账单"): ("POST /statements",),
        msgid("答复对账单"): ("POST /statements/{number}/answers", "POST /statements/{number}"),
        msgid("匹配单据"): ("POST /matching", "POST /reconcile/match"),
        msgid("移动匹配的金额"): (
            "POST /allocations/move",
            "POST /reconcile/{contract}/{month}/move",
        ),
        msgid("提出无差异的各月"): (
            "POST /reconciliations/proposals",
            "POST /reconcile/tolerable",
        ),
        msgid("提出对账"): (
            "POST /reconciliations/{key}/proposal",
            "POST /reconcile/{contract}/{month}",
        ),
        msgid("预览对账"): (
            "POST /reconciliations/{key}/preview",
            "POST /reconcile/{contract}/{month}/preview",
        ),
        msgid("提出不予补贴"): (
            "POST /reconciliations/{key}/exclusion",
            "POST /reconcile/{contract}/{month}/exclusion",
        ),
        msgid("提出恢复补贴"): (
            "POST /reconciliations/{key}/readmission",
            "POST /reconcile/{contract}/{month}/readmission",
        ),
        msgid("提出补认用量"): (
            "POST /reconciliations/{key}/extra",
            "POST /reconcile/{contract}/{month}/extra",
        ),
        msgid("提出调减"): (
            "POST /reconciliations/{key}/fall",
            "POST /reconcile/{contract}/{month}/fall",
        ),
        msgid("询问中心"): (
            "POST /reconciliations/{key}/messages",
            "POST /reconcile/{contract}/{month}/messages",
        ),
        msgid("答复询问"): ("POST /messages/{key}/answer", "POST /centre/messages/{message}"),
        # Claims.
        msgid("提出兑付申请"): ("POST /claims", "POST /redemptions"),
        msgid("交申请材料"): ("POST /claims/{number}/files", "POST /claims/files"),
        msgid("办理申请"): ("POST /claims/{number}/actions", "POST /claims/{number}/step"),
        msgid("提出批准兑付"): ("POST /claims/{number}/approval",),
        msgid("开算力计量证明"): ("POST /projects/{code}/certificates",),
        msgid("取申请的卷宗"): ("POST /claims/{number}/dossier",),
        msgid("提出收款账户"): ("POST /bank-accounts", "POST /claims/{number}/account"),
        msgid("登记异议"): ("POST /objections", "POST /claims/{number}/objections"),
        msgid("处理异议"): (
            "POST /objections/{key}/resolution",
            "POST /claims/{number}/objections/{objection}",
        ),
        msgid("挂起申请"): ("POST /claims/{number}/holds",),
        msgid("了结挂起"): (
            "POST /claims/{number}/holds/{hold}/end",
            "POST /claims/{number}/holds/{hold}",
        ),
        # Payment.
        msgid("提出指标"): ("POST /indicators", "POST /payments/indicators"),
        msgid("提出调整指标"): (
            "POST /indicators/{year}/{number}/changes",
            "POST /payments/indicators/{year}/{number}/changes",
        ),
        msgid("提出分担比例"): ("POST /indicator-shares", "POST /payments/shares"),
        msgid("提出付款清单"): ("POST /payment-lists", "POST /payments/lists"),
        msgid("收银行回单"): ("POST /bank-returns", "POST /payments/returns"),
        msgid("提出回单判定"): ("POST /bank-rows/{row}/rulings", "POST /payments/rows/{row}"),
        msgid("提出退款入账"): ("POST /refunds", "POST /payments/refunds"),
        msgid("提出追缴"): ("POST /recoveries", "POST /payments/recoveries"),
        msgid("提出年终结转"): ("POST /year-end", "POST /payments/year-end"),
        msgid("月结"): ("POST /closes",),
        # What the server does by itself, and what is done on its machine.
        msgid("定时：认下已到时刻的用量"): ("round release",),
        msgid("定时：封存"): ("round seal",),
        msgid("定时：为封首盖时间戳"): ("round stamp",),
        msgid("定时：归档"): ("round archive",),
        msgid("定时：备份"): ("round backup",),
        msgid("定时：恢复演练"): ("round backup drill",),
        msgid("本机：启动"): ("command up",),
        msgid("本机：建立管理员"): ("command admin create",),
        msgid("本机：升级数据库"): ("command db upgrade",),
        msgid("本机：分布大表"): ("command db distribute",),
        msgid("本机：检查数据库的守护"): ("command db check",),
        msgid("本机：转储数据库"): ("command db dump",),
        msgid("本机：载入一份转储"): ("command db load",),
        msgid("本机：备份"): ("command backup now",),
        msgid("本机：恢复演练"): ("command backup drill",),
        msgid("本机：清理旧备份"): ("command backup prune",),
        msgid("本机：从备份恢复"): ("command restore",),
        msgid("本机：封存"): ("command seal now",),
        msgid("本机：归档"): ("command archive month",),
        msgid("本机：导出封存过的一切"): ("command seal export",),
        msgid("本机：换用封存密钥"): ("command seal rotate",),
    }
)
ACTS: Mapping[str, str] = MappingProxyType(
    {act: words for words, acts in _ACTS.items() for act in acts}
)
LOOKING = msgid("查看")
ELSEWHERE = msgid("没有这个地址")

# What it was done to, by the noun in the route's path.
_NOUNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        msgid("令牌"): ("tokens", "tokens.{form}", "own"),
        msgid("人员"): ("persons", "persons.xlsx"),
        msgid("人员与令牌"): ("people",),
        msgid("邀请"): ("invitation", "invitations"),
        msgid("登录"): ("sessions", "sign-in", "sign-out"),
        msgid("口令"): ("password",),
        msgid("登录记录"): ("sign-ins",),
        msgid("事件记录"): ("events", "events.csv", "events.xlsx"),
        msgid("权限"): ("rights",),
        msgid("决定"): ("decisions",),
        msgid("工作台"): ("desk", "centre"),
        msgid("演练标记"): ("mark",),
        msgid("登记簿"): ("registry", "registry.xlsx"),
        msgid("盘点"): ("inventory",),
        msgid("采集端"): ("agents", "agents.{form}"),
        msgid("注册码"): ("enrolment-codes", "enrolment-requests"),
        msgid("信使"): ("courier",),
        msgid("批次"): ("batches",),
        msgid("服务器的公钥"): ("server-key",),
        msgid("节点"): ("nodes",),
        msgid("小时"): ("hours",),
        msgid("数据来源"): ("sources",),
        msgid("用量"): ("usage",),
        msgid("待查事项"): ("findings",),
        msgid("隔离"): ("quarantine",),
        msgid("容量"): ("capacities",),
        msgid("更正"): ("corrections",),
        msgid("用量事件"): ("incidents", "evidence"),
        msgid("计提"): ("accruals",),
        msgid("项目"): ("projects",),
        msgid("算力券"): ("vouchers", "vouchers.xlsx"),
        msgid("政策"): ("policies", "eligibility", "evaluations"),
        msgid("资金池"): ("pools",),
        msgid("单据"): ("cost-documents", "documents"),
        msgid("抵扣"): ("deductions",),
        msgid("红字单据"): ("red-documents", "reds"),
        msgid("对账单"): ("statements",),
        msgid("匹配"): ("matching", "allocations"),
        msgid("对账"): ("reconciliations", "reconciliations.{form}", "reconcile"),
        msgid("账期"): ("months",),
        msgid("询问"): ("messages",),
        msgid("申请"): ("claims", "redemptions", "payables"),
        msgid("账号"): ("bank-accounts", "number-reads"),
        msgid("异议"): ("objections",),
        msgid("公示"): ("publications",),
        msgid("支付"): ("payments",),
        msgid("指标"): ("indicators", "indicator-shares", "year-end"),
        msgid("付款清单"): ("payment-lists",),
        msgid("银行回单"): ("bank-returns", "bank-rows", "rows"),
        msgid("退款"): ("refunds",),
        msgid("追缴"): ("recoveries",),
        msgid("凭证"): ("postings", "movements"),
        msgid("月结"): ("closes",),
        msgid("封存"): ("seals",),
        msgid("归档"): ("archives",),
        msgid("审计文件"): ("audit",),
        msgid("计量证明"): ("certificates",),
        msgid("数据库"): ("database",),
        msgid("备份"): ("backups",),
        msgid("服务器"): ("server", "metrics", "healthz", "readyz", "docs", "openapi.json"),
    }
)
NOUNS: Mapping[str, str] = MappingProxyType(
    {noun: words for words, nouns in _NOUNS.items() for noun in nouns}
)


def act_words(act: str) -> str:
    """What was done, in the reader's language."""
    method, _space, path = act.partition(" ")
    if path == "-":
        return _(ELSEWHERE)
    words = ACTS.get(f"{method} {path.removeprefix(API)}")
    if words is None and method in SAFE:
        words = LOOKING
    return _(words) if words else act


def noun_words(noun: str) -> str:
    """What it was done to, in the reader's language; "" where it was nothing in particular."""
    return _(NOUNS[noun]) if noun in NOUNS else noun


def nouns_of(word: str) -> list[str]:
    """The nouns that people mean by a word of theirs, or by the noun itself."""
    return [noun for noun in NOUNS if word == noun_words(noun)] or [word]
