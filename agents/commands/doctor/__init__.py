"""`suanquan-agent doctor`: the setup of a node, of exporters or of Slurm, a sentence a check."""
