#!/bin/bash
# up.sh FOLDER PORT: a real Slurm with accounting and eight GPUs that are null devices, as root, on the
# loopback alone, with five ports from PORT on; down.sh ends it.
set -euo pipefail
D=$1; P=$2; H=$(hostname -s)
mkdir -p $D/{etc,state,spool,log,db,run,dev}; chmod 755 $D; cd $D
for i in 0 1 2 3 4 5 6 7; do [ -e dev/gpu$i ] || mknod dev/gpu$i c 1 3; done   # null devices
cat > etc/slurm.conf <<EOF
ClusterName=testc
SlurmctldHost=$H(127.0.0.1)
SlurmctldPort=$P
SlurmdPort=$((P + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$D/run/munge.sock
CredType=cred/munge
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/slurmd.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=5,sched_min_interval=200000
DefMemPerCPU=100
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((P + 2))
AccountingStoragePass=$D/run/munge.sock
AccountingStorageTRES=gres/gpu,gres/gpu:h100
AccountingStorageEnforce=associations,limits,qos
JobRequeue=1
ReturnToService=2
SlurmdTimeout=15
KillWait=2
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$H NodeAddr=127.0.0.1 Port=$((P + 1)) CPUs=64 RealMemory=4000 Gres=gpu:h100:8 State=UNKNOWN
PartitionName=gpu Nodes=n1 Default=YES MaxTime=1-00:00:00 DefaultTime=10 State=UP
PartitionName=spot Nodes=n1 MaxTime=1-00:00:00 DefaultTime=10 State=UP
EOF
cat > etc/gres.conf <<EOF
AutoDetect=off
NodeName=n1 Name=gpu Type=h100 File=$D/dev/gpu[0-7]
EOF
echo 'CgroupAutomount=no' > etc/cgroup.conf
cat > etc/slurmdbd.conf <<EOF
AuthType=auth/munge
AuthInfo=socket=$D/run/munge.sock
DbdHost=$H
DbdAddr=127.0.0.1
DbdPort=$((P + 2))
SlurmUser=root
LogFile=$D/log/slurmdbd.log
PidFile=$D/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$((P + 3))
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
EOF
chmod 600 etc/slurmdbd.conf
( umask 077; dd if=/dev/urandom of=etc/munge.key bs=128 count=1 2>/dev/null )
bg() { setsid "$@" </dev/null >/dev/null 2>>$D/log/stderr.log & }
try() { for _ in $(seq 120); do "$@" >/dev/null 2>&1 && return; sleep .25; done; echo "gave up: $*" >&2; return 1; }
export SLURM_CONF=$D/etc/slurm.conf
munged --force --key-file=$D/etc/munge.key --socket=$D/run/munge.sock --pid-file=$D/run/munged.pid \
  --log-file=$D/log/munged.log --seed-file=$D/run/munge.seed --num-threads=2 2>>$D/log/stderr.log
mariadb-install-db --no-defaults --user=root --datadir=$D/db \
  --auth-root-authentication-method=socket --skip-test-db >$D/log/db-install.log 2>&1
bg mariadbd --no-defaults --user=root --datadir=$D/db --socket=$D/run/mysql.sock --pid-file=$D/run/mysql.pid \
  --bind-address=127.0.0.1 --port=$((P + 3)) --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 --log-error=$D/log/mysql.log
Q="mariadb --no-defaults -S $D/run/mysql.sock"
try $Q -e 'select 1'
for h in 127.0.0.1 localhost; do
  $Q -e "create user slurm@'$h' identified by 'slurm'; grant all on slurm_acct_db.* to slurm@'$h'"; done
bg slurmdbd -D
try sacctmgr -nP show cluster
sacctmgr -i add cluster testc >/dev/null
sacctmgr -i add qos high priority=100 >/dev/null
sacctmgr -i add account lab1,lab2 >/dev/null
for u in alice:lab1 bob:lab2; do id ${u%:*} >/dev/null 2>&1 || useradd -M ${u%:*}
  sacctmgr -i add user ${u%:*} account=${u#*:} qos=normal,high defaultqos=normal >/dev/null; done
bg slurmctld -D
bg slurmd -D -N n1
up() { sinfo -h -n n1 -o %T | grep -q idle; }; try up
echo "up after ${SECONDS}s; export SLURM_CONF=$SLURM_CONF"
