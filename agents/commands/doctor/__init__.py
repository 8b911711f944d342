"""`suanquan-agent doctor`: a node, exporters, Slurm, a relay, a courier; a sentence a check."""
