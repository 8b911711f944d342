"""`suanquan-agent slurm`: the command, sacct asked live, and what it says at the end."""
