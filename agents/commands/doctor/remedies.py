"""What an operator can do about each fault that `doctor` finds, in both languages."""

from __future__ import annotations

from agents import wire

# By the code of the server's answer, or why there is none.
REFUSALS = {
    "code_unusable": (
        "注册码不存在、已用过或已过期：请领一个新的，设置 SUANQUAN_ENROL_CODE 后重启",
        "the code is unknown, used up or expired: get a new one, set SUANQUAN_ENROL_CODE, restart",
    ),
    "revoked": (
        "本节点的密钥已被停用：如属误停，请领新的注册码，运行 suanquan-agent enrol --rotate",
        (
            "this node's key was revoked: if by mistake, get a new code and run "
            "suanquan-agent enrol --rotate"
        ),
    ),
    "unknown_agent": (
        "服务器不认识本节点：地址是否指向另一台服务器，或服务器恢复到了注册以前？",
        (
            "the server does not know this node: is the address another's, or was the server "
            "restored to a time before it was enrolled?"
        ),
    ),
    "not_enrolled": ("还没有注册成功，见日志", "it is not enrolled yet, see the log"),
}

DRIVER = {
    wire.GapReason.DRIVER_RELOAD: (
        "：驱动已卸载，或升级后内核模块还是旧的。请重新加载驱动或重启节点",
        (
            ": it is unloaded, or was upgraded and the old kernel module stays; load it anew "
            "or reboot the node"
        ),
    ),
}

# By the reason that agents/holders/kubelet.py gives.
KUBELET = {
    "no_socket": (
        "：没有这个套接字。kubelet 未运行，或容器没有挂载它所在的目录",
        ": there is no such socket; the kubelet does not run, or the container lacks its folder",
    ),
    "not_permitted": (
        "：没有权限。kubelet 的目录只有 root 能进：采集端须以 root（uid 0）运行",
        ": no permission; only root may enter the kubelet's folder, so the agent must be uid 0",
    ),
    "unavailable": (
        "：kubelet 不应答，可能正在重启",
        ": the kubelet does not answer, it may be restarting",
    ),
    "no_pods": (
        "：应答里一个 Pod 也没有。kubelet 刚启动，还不认识自己的 Pod（API 服务器可达吗？）",
        (
            ": it names no pod at all; it has just started and does not know its pods yet (is the "
            "API server within reach?)"
        ),
    ),
    "own_pod_absent": (
        "：应答里没有采集端自己的 Pod。kubelet 刚启动；或 POD_NAME、POD_NAMESPACE 设错了",
        (
            ": the agent's own pod is not in it; it has just started, or POD_NAME and "
            "POD_NAMESPACE are set wrongly"
        ),
    ),
    "settling": (
        "：两次应答不一致，正在等待稳定",
        ": two answers differ; it is settling",
    ),
    "claimed_twice": (
        "：kubelet 把同一个设备给了两个 Pod",
        ": the kubelet gave one device to two pods",
    ),
}

# By the word of agents/exporters/client.py.
SCRAPES = {
    "no_address": (
        "；解析不到这个名字：写错了，或 Service 后面没有导出器",
        "; the name has no address: it is wrong, or no exporter is behind the Service",
    ),
    "unreachable": (
        "；连不上：导出器没有运行，或网络策略挡住了端口",
        "; it cannot be connected: it does not run, or a network policy closes its port",
    ),
    "tls": (
        "；证书不被信任或名字不符：请设 SUANQUAN_SCRAPE_CA",
        "; its certificate is not trusted or of another name: set SUANQUAN_SCRAPE_CA",
    ),
    "timeout": ("；十秒内没有答完", "; it does not end within ten seconds"),
    "status_401": (
        "；要令牌：请设 SUANQUAN_SCRAPE_TOKEN",
        "; it wants a token: set SUANQUAN_SCRAPE_TOKEN",
    ),
    "status_403": ("；令牌没有权限", "; the token has no right"),
    "status_404": ("；没有这个路径：通常是 /metrics", "; there is no such path: try /metrics"),
    "too_large": ("；回答超过 8 MiB", "; its answer has more than 8 MiB"),
    "no_gpus": (
        "；里面没有认得的指标：是别的导出器，或 DCGM 没有看到 GPU",
        "; it has no family that we know: it is another exporter, or DCGM sees no GPU",
    ),
    "broken": ("；正文有一行不成样子", "; a line of it is no sample"),
    "partial": ("；Prometheus 只答了一部分", "; Prometheus answers in part"),
}

# By what Slurm's configuration says.
SLURM = {
    "no_gpus": (
        (
            "：记账不记 GPU。slurm.conf 请写 AccountingStorageTRES=gres/gpu"
            "（按型号计价再加 gres/gpu:型号），重启 slurmctld；以前的作业补不回来"
        ),
        (
            ": accounting does not record GPUs; write AccountingStorageTRES=gres/gpu (and "
            "gres/gpu:TYPE where types are priced) into slurm.conf and restart slurmctld; earlier "
            "jobs cannot be mended"
        ),
    ),
    "no_database": (
        (
            "：没有记账数据库，sacct 答不出来。请用 slurmdbd"
            "（AccountingStorageType=accounting_storage/slurmdbd）"
        ),
        (
            ": there is no accounting database, so sacct has nothing; use slurmdbd "
            "(AccountingStorageType=accounting_storage/slurmdbd)"
        ),
    ),
}
