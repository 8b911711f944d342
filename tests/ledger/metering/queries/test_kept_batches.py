"""Batches are read whole, whatever form they are kept in."""

from hashlib import sha256
from uuid import uuid4

import psycopg
import pytest

from ledger.errors import NotFound
from ledger.metering.queries.kept_batches import kept_batch, kept_batches
from tests.support.simulation import window
from tests.support.town import NOW, Town


def test_a_batch_is_read_by_its_stream_and_number(town: Town, owner: psycopg.Connection) -> None:
    town.report([window(0, 0)])
    batch = kept_batch(owner, town.node.stream, 1)
    assert (batch.stream, batch.number, batch.answer["kept"]) == (town.node.stream, 1, 1)
    assert batch.hash == sha256(batch.body).digest()
    with pytest.raises(NotFound):
        kept_batch(owner, town.node.stream, 2)
    with pytest.raises(NotFound):
        kept_batch(owner, uuid4(), 1)


def test_batches_are_read_by_when_they_came(town: Town, owner: psycopg.Connection) -> None:
    for at in range(3):
        town.report([window(0, at)])
    with owner.transaction():
        moment = kept_batch(owner, town.node.stream, 1).received_at
        every = list(kept_batches(owner, moment, NOW.max.replace(tzinfo=NOW.tzinfo)))
        assert [batch.number for batch in every] == [1, 2, 3]
        assert list(kept_batches(owner, moment.min.replace(tzinfo=NOW.tzinfo), moment)) == []
