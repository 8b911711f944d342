"""What a password has to be, and how long wrong ones make the next one wait."""

from datetime import timedelta

import pytest

from ledger.people.rules.passwords import (
    PasswordRules,
    password_fault,
    plain_password,
    wait_after,
)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("a" * 7, "password_length"),
        ("Aa1" * 43, "password_length"),
        ("aaaaaaaa1", "password_kinds"),
        ("Aaaaaaaa1", None),
        ("my Zhang 1234", "password_name"),
        ("中文口令加Ab1", None),
    ],
)
def test_what_a_password_has_to_be(password: str, fault: str | None) -> None:
    assert password_fault(password, ("zhang", ""), PasswordRules(8, 3, 5)) == fault


def test_a_password_is_the_same_however_it_was_composed() -> None:
    assert plain_password("Cafe\u0301 ＡＢ") == plain_password("Caf\u00e9 AB")


def test_each_wrong_password_makes_the_next_one_wait_longer() -> None:
    waits = [wait_after(failures).total_seconds() for failures in range(14)]
    assert waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert wait_after(10**6) == timedelta(minutes=15)
