"""What the agents see becomes entries of the registry when somebody confirms it, and not before."""

from datetime import timedelta

import msgspec
import psycopg
import pytest
from sqlmodel import Session

from agents import wire
from api.door.batch_decoder import read_kept
from ledger.desk.codes import InventoryState
from ledger.desk.queries.inventory import InventoryLine, inventory
from ledger.desk.steps.register_seen import register_seen
from ledger.desk.steps.take_registry import RegistryIntake
from ledger.errors import Conflict
from ledger.metering.steps.intake import release, take_batch
from tests.support.simulation import Node, enrolled, gpu_id, held, minute, place, window
from tests.support.town import CLERK, Town

SOON = minute(200)
STATES = InventoryState


def tell(town: Town, node: Node, *windows: wire.Window) -> None:
    with Session(town.engine) as db, db.begin():
        take_batch(db, node.read(node.batch(windows)), SOON)


def lines(town: Town, centre: int | None = None) -> dict[tuple[str, str], InventoryLine]:
    with Session(town.engine) as db:
        all_lines = inventory(db, centre, SOON).lines
    return {(line.gpu, line.state): line for line in all_lines}


def confirm(town: Town, *sights: tuple[str, str, str]) -> RegistryIntake:
    with Session(town.engine, expire_on_commit=False) as db, db.begin():
        intake = register_seen(db, sights, centre=None, actor=CLERK.actor, now=SOON)
        assert not intake.report.findings
        release(db, read_kept, SOON)
    return intake


@pytest.fixture
def node(town: Town, owner: psycopg.Connection) -> Node:
    return enrolled(owner, town.cluster, node="n2")


def test_a_new_gpu_is_registered_from_the_day_it_was_seen_and_its_windows_count(
    town: Town, node: Node, owner: psycopg.Connection
) -> None:
    tell(town, node, *(window(9, at) for at in range(5)))
    line = lines(town)[gpu_id(9), STATES.NEW]
    assert (line.cluster, line.node, line.model, line.windows) == ("c1", "n2", "H100", 5)
    assert (line.first, line.last, line.registry_place) == (minute(0), minute(4), None)
    assert line.entry == {"gpu": gpu_id(9), "cluster": "c1", "node": "n2", "from": "2026-03-01"}
    intake = confirm(town, (gpu_id(9), "c1", "n2"))
    assert intake.report.created == {"gpus": 1}
    assert (gpu_id(9), STATES.NEW) not in lines(town)
    row = owner.execute("SELECT count(*) FROM windows WHERE gpu = %s", (gpu_id(9),)).fetchone()
    assert row == (5,)


def test_a_gpu_on_another_node_moved_unless_both_tell_of_it(town: Town, node: Node) -> None:
    tell(town, node, window(1, 100))
    line = lines(town)[gpu_id(1), STATES.MOVED]
    assert line.registry_place == "c1/n1"
    assert line.entry is not None
    assert (line.entry["node"], line.entry["from"]) == ("n2", "2026-03-01")
    town.report([window(1, 99)])
    assert lines(town)[gpu_id(1), STATES.SEEN_TWICE].entry is None


def test_that_a_gpu_moved_whose_use_was_charged_another_person_confirms(
    town: Town, node: Node, owner: psycopg.Connection
) -> None:
    town.report([window(1, 0)])
    town.accrue()
    tell(town, node, window(1, 190))
    intake = confirm(town, (gpu_id(1), "c1", "n2"))
    assert intake.decision is not None
    row = owner.execute("SELECT node FROM gpus WHERE gpu = %s", (gpu_id(1),)).fetchone()
    assert row == ("n1",)


def test_two_places_of_an_unknown_gpu_and_another_centre_s_are_left_to_people(
    town: Town, node: Node, owner: psycopg.Connection
) -> None:
    elsewhere = enrolled(owner, place(owner, gpus=0, cluster="c2"), cluster_name="c2")
    tell(town, node, window(9, 100))
    tell(town, elsewhere, window(9, 101), window(0, 101))
    all_lines = lines(town)
    assert all_lines[gpu_id(9), STATES.SEEN_TWICE].entry is None
    assert all_lines[gpu_id(0), STATES.OTHER_CENTRE].entry is None
    assert all_lines[gpu_id(0), STATES.OTHER_CENTRE].registry_place is None
    own = lines(town, 1)
    assert (gpu_id(0), STATES.OTHER_CENTRE) not in own, "it is not this centre that sees it"


def test_what_is_registered_and_silent_or_other_than_before_is_said(town: Town) -> None:
    mig = wire.Mig(1, 0, "1g.10gb", "MIG-1")
    town.report([window(0, 0)])
    slice_held = msgspec.structs.replace(held("team-a"), mig=mig)
    town.report([window(0, 198, slice_held, model="NVIDIA B200")])
    states = {state for gpu, state in lines(town) if gpu == gpu_id(0)}
    assert states == {STATES.UNKNOWN_MODEL, STATES.OTHER_MODEL, STATES.MIG_ON}
    assert lines(town)[gpu_id(1), STATES.SILENT].last is None


def test_nobody_confirms_what_no_approved_agent_sees(town: Town, owner: psycopg.Connection) -> None:
    stranger = enrolled(owner, town.cluster, node="n3", is_approved=False)
    tell(town, stranger, window(9, 0))
    assert lines(town)[gpu_id(9), STATES.NEW].entry is None
    for sight in ((gpu_id(9), "c1", "n3"), (gpu_id(0), "c1", "n1")):
        with pytest.raises(Conflict, match="inventory_moved"):
            confirm(town, sight)


def test_a_centre_s_scale_names_the_models_without_a_peak(town: Town) -> None:
    model = "NVIDIA A100-SXM4-80GB"
    town.report([window(0, 198, model=model)])
    with Session(town.engine) as db:
        (scale,) = inventory(db, None, SOON + timedelta(minutes=1)).scales
    assert (scale.centre, scale.gpus) == ("centre of c1", 2)
    assert scale.tflops == 312
    assert scale.without_peak == {"": 1}, "nobody has seen the other one yet"
