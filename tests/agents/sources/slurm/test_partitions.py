"""What sinfo says of partitions, in every way of writing gres, and what their jobs held at once."""

from datetime import UTC, datetime

from agents import sightings
from agents.sources.slurm.partitions import nodes_of, peaks_of, sighting_of

SINFO = """\
gpu|n1|gpu:h100:8(S:0-1)
gpu|n2|gpu:h100:4(S:0),gpu:l40:2,shard:24
spot|n2|gpu:h100:4(S:0),gpu:l40:2,shard:24
cpu|n3|(null)
old|n4|gpu:2
old|n5|gpu:1g.10gb:7,nic:mlx:2
a line of something else
"""
SACCT = """\
gpu|1000000000|1000000010|1000000110|cpu=1,gres/gpu:h100=8,gres/gpu=8
gpu|1000000000|1000000110|1000000200|cpu=1,gres/gpu=6
gpu|1000000000|1000000150|Unknown|cpu=1,gres/gpu=1
gpu|1000000160|1000000010|1000000170|gres/gpu=2
gpu|1000000000|Unknown|Unknown|
spot|1000000000|1000000010|1000000110|cpu=1,mem=1M
mig|1000000000|1000000010|1000000110|gres/gpu:a100_1g.5gb=7
cut off|100000
bad|1000000000|yesterday|1000000110|gres/gpu=2
"""


def test_a_node_s_gpus_are_counted_in_each_of_its_partitions() -> None:
    assert nodes_of(SINFO) == {
        "gpu": {"n1": 8, "n2": 6},
        "spot": {"n2": 6},
        "cpu": {"n3": 0},
        "old": {"n4": 2, "n5": 0},
    }


def test_of_the_cluster_each_node_is_counted_once_and_too_many_partitions_are_cut() -> None:
    sighting = sighting_of(nodes_of(SINFO), datetime(2026, 3, 1, tzinfo=UTC))
    assert (sighting.gpus, sighting.partitions) == (16, {"gpu": 14, "spot": 6, "cpu": 0, "old": 2})
    assert sightings.faults(sighting) == []
    many = sighting_of({f"p{n:03}": {f"n{n}": 1} for n in range(300)}, sighting.seen_at)
    assert (many.gpus, len(many.partitions)) == (300, sightings.ITEMS_MAX)


def test_what_jobs_held_at_once() -> None:
    """Who ends at the second in which another begins was not there with it; a resize comes late."""
    assert peaks_of(SACCT) == {"gpu": 9, "spot": 0, "mig": 0}
