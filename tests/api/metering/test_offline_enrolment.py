"""A node without a line is enrolled by two files that somebody carries, and only by those."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import psycopg
import pytest

from agents.enrolment_files import ANSWER, REQUEST, EnrolmentRequest, read_answer, read_request
from agents.errors import AgentError, CourierError, IdentityError
from agents.parcels import write_file
from agents.reporting import server_key
from agents.reporting.identity import Identity
from agents.reporting.offline import take_answer, write_request
from ledger.people.codes import Role
from tests.support.api.command_line import Desk

OPERATOR, ADMIN = Role.OPERATOR, Role.SYSTEM_ADMIN


def code_of(desk: Desk, cluster: str = "c-mine", role: Role = OPERATOR) -> str:
    result = desk.run(role, "agent", "code", cluster, "--source=nvml", "--days=3")
    assert result.returncode == 0, result.stderr
    return result.stdout.split()[-1]


def ask(folder: Path, code: str, node: str = "n-far", *, rotates: bool = False) -> Path:
    file = folder.with_name(f"{folder.name}-{node}-request")
    write_request(folder, file, code, node, rotates=rotates)
    return file


def carry(desk: Desk, file: Path, role: Role = OPERATOR) -> Path:
    """To the office and back."""
    result = desk.run(role, "import", "enrolment", str(file))
    assert result.returncode == 0, result.stderr
    return file.with_name(file.name + ".answer")


def test_a_node_is_enrolled_by_two_files(desk: Desk, tmp_path: Path) -> None:
    code = code_of(desk)
    request = ask(tmp_path / "node", code)
    assert Identity.load(tmp_path / "node") is None
    answer = carry(desk, request)
    identity = take_answer(tmp_path / "node", answer)
    assert (identity.cluster, identity.node) == ("c-mine", "n-far")
    agents = {row["id"]: row for row in desk.ask(OPERATOR, "agent", "list")}
    assert agents[str(identity.agent)]["approved_at"] is None  # a code of the centre
    key = desk.run(OPERATOR, "agent", "server-key").stdout.split()[-1]
    assert server_key.read(tmp_path / "node", {}).encode().hex() == key
    for file in (request, answer):
        assert code not in file.read_text()
        assert code.replace("-", "") not in file.read_text()
    assert carry(desk, request).read_bytes() == answer.read_bytes()
    assert take_answer(tmp_path / "node", answer).agent == identity.agent
    assert desk.run(ADMIN, "agent", "code", "c-mine", "--source=nvml", "--days=15").returncode == 1


def test_a_key_is_replaced_by_two_files(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "node"
    first = take_answer(folder, carry(desk, ask(folder, code_of(desk))))
    with pytest.raises(IdentityError, match="--rotate"):
        ask(folder, code_of(desk))
    second = take_answer(folder, carry(desk, ask(folder, code_of(desk), "else", rotates=True)))
    identity = Identity.load(folder)
    assert identity
    assert (identity.agent, identity.node) == (second.agent, "n-far")
    assert first.agent != second.agent
    assert identity.sign(b"") == second.sign(b"") != first.sign(b"")


Spoil = Callable[[EnrolmentRequest], EnrolmentRequest]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: replace(r, public_key="ab" * 32),
        lambda r: replace(r, node="n-other"),
        lambda r: replace(r, seal="cd" * 32),
        lambda r: replace(EnrolmentRequest.of("GUESSED", r.public_key, r.node), code_id=r.code_id),
    ],
)
def test_a_forged_request_enrols_nobody(desk: Desk, tmp_path: Path, spoil: Spoil) -> None:
    file = ask(tmp_path / "node", code_of(desk))
    whole = read_request(file)
    write_file(file, REQUEST, [spoil(whole)])
    result = desk.run(OPERATOR, "import", "enrolment", str(file))
    assert result.returncode == 1
    assert "forged" in result.stderr
    write_file(file, REQUEST, [whole])
    carry(desk, file)  # the code is as good as before


def test_a_code_that_is_unknown_used_ended_or_foreign_opens_nothing(
    desk: Desk, tmp_path: Path, owner: psycopg.Connection
) -> None:
    def refusal(file: Path, role: Role = OPERATOR) -> str:
        result = desk.run(role, "import", "enrolment", str(file))
        assert result.returncode == 1
        assert not file.with_name(file.name + ".answer").exists()
        return " ".join(result.stderr.split())

    unusable = refusal(ask(tmp_path / "a", "AAAAAA-BBBBBB-CCCCCC-DDDDDD"))
    foreign = ask(tmp_path / "b", code_of(desk, "c-theirs", ADMIN))
    assert refusal(foreign) == unusable
    carry(desk, foreign, ADMIN)
    code = code_of(desk)
    carry(desk, ask(tmp_path / "c", code))
    assert refusal(ask(tmp_path / "d", code)) == unusable
    code = code_of(desk)
    owner.execute("UPDATE enrolment_codes SET expires_at = created_at WHERE agent_id IS NULL")
    owner.commit()
    assert refusal(ask(tmp_path / "e", code)) == unusable
    assert desk.run(Role.CLERK, "import", "enrolment", str(foreign)).returncode == 1


def test_an_answer_that_is_no_answer_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    folder, neighbour = tmp_path / "node", tmp_path / "other"
    answer = carry(desk, ask(folder, code_of(desk)))
    neighbours = carry(desk, ask(neighbour, code_of(desk), "n-else"))
    whole, bad = read_answer(answer), tmp_path / "bad"
    for spoilt in (
        replace(whole, server_key="ab" * 32),
        replace(whole, agent="00000000-0000-4000-8000-000000000000"),
        replace(whole, seal=read_answer(neighbours).seal),
    ):
        write_file(bad, ANSWER, [spoilt])
        with pytest.raises(CourierError, match="forged"):
            take_answer(folder, bad)
    with pytest.raises(CourierError, match="another node"):
        take_answer(folder, neighbours)
    bad.write_bytes(answer.read_bytes()[:-9])
    with pytest.raises(CourierError, match="cut_off"):
        take_answer(folder, bad)
    write_file(bad, ANSWER, [whole, whole])
    with pytest.raises(CourierError, match="unreadable_line"):
        take_answer(folder, bad)
    with pytest.raises(AgentError, match="waits for no answer"):
        take_answer(tmp_path / "third", answer)
    assert Identity.load(folder) is None
    assert take_answer(folder, answer).node == "n-far"
    assert set(asdict(whole)) == {"code_id", "agent", "cluster", "node", "server_key", "seal"}
