#!/bin/bash
# down.sh FOLDER: ends only what up.sh started, by pid file.
D=$1
for f in slurmctld slurmd slurmdbd mysql munged; do p=$(cat $D/run/$f.pid 2>/dev/null) || continue
  kill $p 2>/dev/null; for _ in $(seq 60); do kill -0 $p 2>/dev/null || break; sleep .25; done; done
