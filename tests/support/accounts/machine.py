"""A state machine of Hypothesis on a database."""

from collections.abc import Callable

import psycopg
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from ledger.errors import LedgerError
from tests.support.vouchers import audit


def answer(work: Callable[[], object]) -> object:
    """What the work returns, or the code of the error that it raises."""
    try:
        return work()
    except LedgerError as error:
        return error.code


class DatabaseMachine(RuleBasedStateMachine):
    """A state machine whose steps go to a database, audited at the end of each history."""

    owner: psycopg.Connection
    engine: sa.Engine

    def teardown(self) -> None:
        assert audit(self.owner) == []


def run_machine(
    machine: type[DatabaseMachine],
    owner: psycopg.Connection,
    engine: sa.Engine,
    *,
    examples: int,
    steps: int,
) -> None:
    """Let Hypothesis make up so many histories of so many steps on this database."""
    bound_machine = type("Here", (machine,), {"owner": owner, "engine": engine})
    run_state_machine_as_test(
        bound_machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
