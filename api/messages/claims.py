"""Messages of claims, publication, objections and bank accounts."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

_CASES = {
    "not_your_step": msgid("角色 {role} 不能做这一步（{action}）"),
    "not_your_claim": msgid("这件申请由别人提交、撤回：企业办自己的，中心办自己核销的"),
    "no_such_step": msgid("目前的状态（{state}）下不能做这一步（{action}）"),
    "claim_stopped": msgid("银行回单对这件申请有矛盾，先由两人判定"),
    "case_held": msgid("这件申请挂起了（{hold}），了结之前不能做这一步"),
    "hold": msgid("这件申请没有编号为 {id} 的挂起"),
    "hold_by_objection": msgid("异议的挂起随异议：登记异议即挂起，处理完即了结"),
    "hold_ended": msgid("编号为 {id} 的挂起已经了结"),
    "not_your_hold": msgid("挂起由主管部门提出；除等申请人的以外，由没有提出的审批人了结"),
    "case_over": msgid("申请 {number} 已经办结，不能再挂起"),
    "barred_pair": msgid("这件申请的另一步是你办的，这一步须由别人办"),
    "claim_moved": msgid("这件申请刚刚被别人办理过，请重新查看"),
}

_CLAIMS = {
    "claim": msgid("没有编号为 {number} 的兑付申请"),
    "claim_file": msgid("这件申请没有这份材料：{hash}"),
    "nothing_to_claim": msgid("项目「{project}」目前没有可以申请的金额"),
    "more_than_claimable": msgid("申请 {asked} 元，而目前可以申请的至多 {left} 元"),
    "deduction": msgid("没有编号为 {id} 的抵扣"),
    "incident": msgid("没有编号为 {id} 的用量事件"),
    "deduction_confirmed": msgid("编号为 {id} 的抵扣已经确认"),
    "deduction_consent": msgid("编号为 {id} 的抵扣没有书面同意"),
    "nothing_deducted": msgid("在「{centre}」没有经企业确认、尚未兑付的抵扣"),
    "month_claimed": msgid("{month} 目前没有可以申请的金额"),
    "claim_no_draft": msgid("申请 {number} 已经提交；要改材料，请经办先退回补正"),
    "claim_lacks": msgid("还缺 {count} 项"),
    "file_empty": msgid("文件「{name}」是空的"),
    "receipt_proves": msgid(
        "请写明付款凭证付的是哪一张：这件申请的账期里没有号码为「{number}」的单据"
    ),
    "lacks_application": msgid("缺少兑付申请表"),
    "lacks_commitment": msgid("缺少承诺书"),
    "lacks_receipt": msgid("缺少付款凭证"),
    "lacks_account": msgid("缺少收款账户证明"),
    "lacks_contract": msgid("缺少合同文本"),
    "lacks_result": msgid("缺少成果材料"),
    "lacks_other": msgid("缺少其他材料"),
    "lacks_bank_account": msgid("收款单位「{payee}」还没有经两人确认的收款账户"),
    "more_than_asked": msgid("只申请了 {asked} 元，不能核定更多"),
    "note_missing": msgid("请写明理由"),
    "reference_missing": msgid("请写明人才认定的文号（只记是否认定和文号）"),
    "channel_missing": msgid("请写明提出异议的渠道，如办公室、电话、信箱"),
    "not_earned": msgid("申请 {asked} 元，而按政策可付 {engine} 元、账上可付 {books} 元"),
    "months_not_earned": msgid(
        "申请 {asked} 元，而所写的月份（{months}）现在只够付 {left} 元；请核减，或退回另行申请"
    ),
}

_PUBLICATION = {
    "calendar_ends": msgid("还没有 {year} 年的节假日安排，算不出工作日；请更新日历后再试"),
    "objection": msgid("没有编号为 {id} 的异议"),
    "objection_blank": msgid("请写明异议是什么"),
    "objection_resolved": msgid("异议 {id} 已经处理"),
    "publication_runs": msgid("公示尚未结束（至 {until}），不能批准"),
    "publication_not_over": msgid("公示尚未结束，或有异议没有处理，不能批准"),
}

_APPROVAL = {
    "claim_not_decided": msgid("这件申请没有经两人批准"),
    "proposal_outdated": msgid("提出批准之后情况有变，请撤回后重新提出：{number}"),
    "account_unknown": msgid("收款单位「{payee}」没有收款账户"),
}

_ACCOUNTS = {
    "organisation": msgid("没有登记过单位 {uscc}"),
    "no_organisation": msgid("请写明是哪个单位的账户（统一社会信用代码）"),
    "account_faulty": msgid("收款账户有 {count} 处不合要求"),
    "bank_missing": msgid("请写明开户银行"),
    "holder_differs": msgid("户名应与收款单位的名称一致：{name}"),
    "bad_bank_code": msgid("联行号应为 12 位数字"),
    "bad_account_number": msgid("账号应为 6 至 32 位数字"),
}

SENTENCES: Mapping[str, str] = MappingProxyType(
    {**_CASES, **_CLAIMS, **_PUBLICATION, **_APPROVAL, **_ACCOUNTS}
)
