"""Messages of the door: requests, sign-in, tokens, enrolment codes; what cannot be answered now."""

from collections.abc import Mapping
from types import MappingProxyType

from api.language.i18n import msgid

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "no_credential": msgid("此处需要登录，或在请求头 Authorization 中给出令牌"),
        "bad_credential": msgid("令牌或登录无效、已到期或已停用"),
        "not_your_role": msgid("您的角色（{role}）不能这样做"),
        "other_door": msgid("这里是对外的入口；您的角色（{role}）请从内网的地址登录"),
        "other_server": msgid("这个地址由另一扇门的服务器提供；请检查网址，或前面的负载均衡"),
        "no_drill_here": msgid("这里不是演练，没有可以扮演的人"),
        "part": msgid("没有编号为 {id} 的演练人物"),
        "no_drill": msgid("此服务器没有演练时钟，或口令不对"),
        "bad_moment": msgid("演练时刻应写成 2026-11-01T09:00:00+08:00，在 2000 至 2099 年之间"),
        "cross_site": msgid("请求来自别的网站，未予执行"),
        "no_route": msgid("没有这个地址"),
        "no_method": msgid("这个地址不接受这种请求方法"),
        "http": msgid("请求无法处理（HTTP {status}）"),
        "unknown_parameter": msgid("没有名为 {name} 的查询参数；此处可用：{known}"),
        "invalid": msgid("请求中有 {count} 处不合要求"),
        "not_utf8": msgid("文件不是 UTF-8 编码（第 {byte} 字节处）"),
        "registry": msgid("登记文件有 {count} 处错误，未登记任何内容"),
        "vouchers": msgid("工作簿有 {count} 处错误，没有提出任何一张券"),
        "persons": msgid("名单有 {count} 处错误，没有邀请任何人"),
        "too_large": msgid("内容超过上限：此处最多 {limit} 字节"),
        "too_slow": msgid("内容未能在 {seconds} 秒内送达"),
        "too_often": msgid("请求过于频繁，请在 {seconds} 秒后再试"),
        "too_many_at_once": msgid("同时进行的请求过多，请在 {seconds} 秒后再试"),
        "unusable_value": msgid("有一个值无法存入：可能含有不允许的字符，或数字过大"),
        "changed_meanwhile": msgid("同一记录刚刚被别人改动，请重新查看后再试"),
        "busy": msgid("服务器繁忙，请稍后再试"),
        "clocks_differ": msgid(
            "什么也没有记录：服务器的时钟与数据库的相差十分钟以上，或者这个数据库不是演练用的"
        ),
        "disk_full": msgid("服务器磁盘空间不足，暂不能写入；查看不受影响，腾出空间后自动恢复"),
        "guarantee_missing": msgid(
            "数据库少了 {count} 项守护，暂不能写入；查看不受影响。"
            "请系统管理员运行 suanquan db check，补上以后自动恢复"
        ),
        "log_lost": msgid("服务器的日志写不进去"),
        "unconfirmed": msgid(
            "备用数据库没有确认，这次写入是否保住还不能肯定；请过一会儿先看一看，再决定是否重做"
        ),
        "unavailable": msgid("数据库暂不可用，请稍后再试"),
        "internal": msgid("服务器内部出错；请将编号 {request} 告知管理员"),
        "token": msgid("没有编号为 {id} 的令牌"),
        "person": msgid("没有编号为 {id} 的人"),
        "session": msgid("您没有编号为 {id} 的登录"),
        "token_role": msgid("没有名为 {role} 的角色"),
        "token_person": msgid("姓名里有看不见的字符，或不像一个姓名，请重新输入"),
        "token_service": msgid("「{person}」：一个姓名要么是人，要么是程序，不能又是人又是程序"),
        "token_rights": msgid("角色 {role} 没有这些权限：{rights}"),
        "invitation_over": msgid("邀请已用过、已过期，或还没有经另一名安全管理员确认"),
        "authenticator_code": msgid("验证码不是这个验证器现在的，请看一下手机的时间准不准"),
        "login": msgid("编号 {id} 的令牌没有账号和口令"),
        "login_name": msgid("账号为 2 至 64 个字，不含空格"),
        "login_taken": msgid("这个账号名已有别人使用"),
        "login_service": msgid("程序没有账号，请发令牌"),
        "password_length": msgid("口令至少 {length} 个字，最多 128 个字"),
        "password_kinds": msgid("口令里小写、大写、数字、其他，至少要有 {kinds} 种"),
        "password_name": msgid("口令里不能有账号或姓名"),
        "password_again": msgid("最近 {count} 个口令不能再用"),
        "password_differs": msgid("两次输入的口令不同"),
        "step_up": msgid("请再输入验证器上的验证码，或一个恢复码：确认之前要证明是您本人"),
        "step_up_code": msgid("验证码不对、已经用过，或试得太快；请等下一个验证码"),
        "step_up_none": msgid(
            "确认之前要证明是您本人，而您还没有验证器；请安全管理员邀请您设定账号"
        ),
        "no_provider": msgid("这里没有设定统一认证"),
        "logout_token": msgid("这不是统一认证签发的退出令牌"),
        "subject": msgid("这个身份还没有与这里的账号关联：请先用账号登录，在「我的登录」里关联"),
        "subject_taken": msgid("这个身份已经与别人的账号关联"),
        "subject_over": msgid("您的账号已经停用或到期"),
        "token_administrator": msgid("管理员（{role}）只能在服务器上用 suanquan admin create 建立"),
        "token_duty": msgid(
            "「{person}」已有 {other} 的令牌，不能又是 {role}：三名管理员与业务各归各人"
        ),
        "token_audit": msgid("审计管理员的令牌，别人不能停用"),
        "sessions_audit": msgid("审计管理员的登录，别人不能结束"),
        "token_waits_not": msgid("令牌 {id} 没有在等确认"),
        "token_replaced": msgid("令牌 {id} 已经换过新的，请用新的那个再换"),
        "token_of_login": msgid("您用账号登录，没有令牌可换；要给程序用的，请安全管理员签发"),
        "token_too_long": msgid("令牌最长 {days} 天"),
        "token_project": msgid(
            "模型企业（builder）的令牌必须指定项目，其他角色不得指定（此处为 {role}）"
        ),
        "token_centre": msgid(
            "智算中心（operator）的令牌必须指定中心，其他角色不得指定（此处为 {role}）"
        ),
        "token_expired": msgid("到期时间 {expires_at} 已经过去"),
        "code_unusable": msgid("注册码不存在、已用过或已过期"),
        "request_forged": msgid(
            "注册请求是伪造的，或被改动过：签封与注册码不符。请在节点上重新写出请求"
        ),
        "key_known": msgid("这把公钥已经注册过；请在节点上换新的密钥"),
        "not_enrolment": msgid("不是一个注册请求：{detail}"),
        "source": msgid("没有名为 {source} 的数据来源，应为以下之一：{known}"),
        "agent": msgid("没有编号为 {id} 的采集端"),
        "centre": msgid("没有名为「{name}」的智算中心"),
        "cluster": msgid("没有名为「{name}」的集群"),
        "node": msgid("集群里没有名为「{name}」的节点"),
    }
)
