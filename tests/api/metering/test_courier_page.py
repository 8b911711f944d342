"""Files that couriers bring to the page: what came of them, and what goes back, signed."""

import base64
import io
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from nacl.signing import VerifyKey

from agents.enrolment_files import ANSWER, EnrolmentAnswer
from agents.parcels import BATCHES, RECEIPT, Parcel, Receipt, read, write
from agents.reporting.offline import write_request
from ledger.people.codes import Role
from tests.support.api.command_line import Desk
from tests.support.api.town import Town
from tests.support.simulation import Node, window

OPERATOR = Role.OPERATOR


def parcel(node: Node, body: bytes) -> Parcel:
    return Parcel(str(node.reporter.agent), node.signature(body), body)


def file_of(*parcels: Parcel) -> bytes:
    file = io.BytesIO()
    write(file, BATCHES, parcels)
    return file.getvalue()


def hand_in(client: TestClient, town: Town, content: bytes) -> tuple[int, str]:
    headers = town.headers(OPERATOR) | {"Accept": "text/html"}
    answer = client.post("/courier", files={"file": ("disk", content)}, headers=headers)
    return answer.status_code, answer.headers.get("location", answer.text)


def answer_of(client: TestClient, town: Town, page: str) -> bytes:
    answer = client.get(f"{page}/answer", headers=town.headers(OPERATOR))
    assert answer.status_code == 200
    return answer.content


def test_batches_are_taken_and_the_receipt_is_signed(client: TestClient, town: Town) -> None:
    node, neighbour = town.nodes["mine"], town.nodes["theirs"]
    body = node.batch([window(0, 40)])
    stranger = parcel(neighbour, neighbour.batch([window(9, 40)]))
    nobody = Parcel("no-id", stranger.signature, stranger.body)
    content = file_of(parcel(node, body), Parcel(*_signed_by_another(node, neighbour)), nobody)
    status, page = hand_in(client, town, content)
    assert status == 303
    text = client.get(page, headers=town.headers(OPERATOR)).text
    for word in ("c-mine", "bad_signature", "unknown_agent"):
        assert word in text
    receipts = list(read(io.BytesIO(answer_of(client, town, page)), RECEIPT, Receipt.read))
    assert [r.status for r in receipts] == [200, 401, 401]
    key = client.get("/api/v1/server-key").json()["public_key"]
    for receipt in receipts:
        VerifyKey(bytes.fromhex(key)).verify(receipt.signed, base64.b64decode(receipt.signature))
    line = client.post("/api/v1/batches", content=body, headers=node.headers(body))
    assert line.content == receipts[0].answer  # by line and by disk, the same answer
    again, page_again = hand_in(client, town, content)
    assert again == 303
    assert answer_of(client, town, page_again) == answer_of(client, town, page)
    assert "disk" in client.get("/courier", headers=town.headers(OPERATOR)).text


def _signed_by_another(node: Node, neighbour: Node) -> tuple[str, str, bytes]:
    body = node.batch([window(1, 40)])
    return str(node.reporter.agent), neighbour.signature(body), body


def test_a_request_is_answered(client: TestClient, town: Town, desk: Desk, tmp_path: Path) -> None:
    code = desk.run(OPERATOR, "agent", "code", "c-mine", "--source=nvml").stdout.split()[-1]
    write_request(tmp_path / "node", tmp_path / "request", code, "n-far", rotates=False)
    status, page = hand_in(client, town, (tmp_path / "request").read_bytes())
    assert status == 303
    assert "n-far" in client.get(page, headers=town.headers(OPERATOR)).text
    file = io.BytesIO(answer_of(client, town, page))
    (answer,) = read(file, ANSWER, EnrolmentAnswer.read)
    assert (answer.cluster, answer.node) == ("c-mine", "n-far")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda c: c[:-9], "没有拷完"),
        (lambda c: c.replace(b'"count":1', b'"count":2'), "摘要"),
        (lambda c: b"GIF89a" + c, "不是采集端写的"),
        (lambda c: c.replace(b'"version":1', b'"version":9'), "不认识的版本"),
        (lambda c: c.replace(b'"body":"', b'"body":"!'), "损坏"),
    ],
)
def test_of_a_file_that_is_not_whole_nothing_is_used(
    client: TestClient, town: Town, spoil: object, word: str
) -> None:
    node = town.nodes["mine"]
    body = node.batch([window(0, 40)])
    assert callable(spoil)
    status, text = hand_in(client, town, spoil(file_of(parcel(node, body))))
    assert status == 422
    assert word in text
    assert "disk" not in client.get("/courier", headers=town.headers(OPERATOR)).text
    line = client.post("/api/v1/batches", content=body, headers=node.headers(body)).json()
    assert line["known"] == 0


def test_another_centres_files_are_not_shown(client: TestClient, town: Town) -> None:
    node = town.nodes["mine"]
    content = file_of(parcel(node, node.batch([window(0, 40)])))
    headers = town.headers(Role.SYSTEM_ADMIN) | {"Accept": "text/html"}
    answer = client.post("/courier", files={"file": ("of-the-bureau", content)}, headers=headers)
    page = answer.headers["location"]
    for way in (page, f"{page}/answer"):
        assert client.get(way, headers=headers).status_code == 200
        assert client.get(way, headers=town.headers(OPERATOR)).status_code == 404
    assert "of-the-bureau" not in client.get("/courier", headers=town.headers(OPERATOR)).text
