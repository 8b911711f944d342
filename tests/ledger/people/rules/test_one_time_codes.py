"""One-time codes as RFC 4226 and RFC 6238 compute them, and how near in time they have to be."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.people.rules.one_time_codes import (
    RECOVERY_CODES,
    address,
    code_at,
    match,
    new_recovery_codes,
    new_secret,
    plain_code,
    read_secret,
    step_of,
)

SECRET = b"12345678901234567890"  # of the RFCs
# RFC 4226, appendix D
BY_COUNT = (
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
    "520489",
)  # fmt: skip
# RFC 6238, appendix B, SHA-1: the last six of its eight digits
BY_TIME = (
    (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
    (2000000000, "279037"), (20000000000, "353130"),
)  # fmt: skip


def test_codes_are_those_of_the_rfcs() -> None:
    assert tuple(code_at(SECRET, count) for count in range(10)) == BY_COUNT
    for seconds, code in BY_TIME:
        at = datetime.fromtimestamp(seconds, UTC)
        assert code_at(SECRET, step_of(at)) == code
        assert match(SECRET, code, at) == seconds // 30


@pytest.mark.parametrize(("late", "taken"), [(0, True), (59, True), (60, False), (-30, True)])
def test_a_clock_may_be_half_a_minute_off(late: int, taken: bool) -> None:
    at = datetime(2026, 11, 23, 4, tzinfo=UTC)  # where a half minute begins
    code = code_at(SECRET, step_of(at))
    assert (match(SECRET, code, at + timedelta(seconds=late)) is not None) is taken
    assert match(SECRET, "", at) is match(SECRET, "１２３４５６", at) is None


def test_a_secret_is_typed_with_or_without_its_spaces() -> None:
    secret = new_secret()
    assert read_secret(" ".join(secret[at : at + 4] for at in range(0, 32, 4)).lower())
    assert address(secret, "李四", "算券").startswith("otpauth://totp/%E7%AE%97%E5%88%B8%3A")
    for bad in ("", "ABCD", secret[:-1], secret + secret, "é" * 32, "1" * 32):
        assert read_secret(bad) is None


def test_recovery_codes_are_long_and_differ() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES
    assert all(len(plain_code(code)) == 16 for code in codes)
    assert plain_code(" abcd-efgh ") == "ABCDEFGH"
