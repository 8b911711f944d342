"""What a browser carries to the provider and back: sealed, short, of one site."""

from datetime import timedelta

from api.people.sso.errands import LASTS, new_errand, open_errand, seal
from tests.support.api.town import NOW

SECRET = "a secret of the tests"  # noqa: S105 - of the tests


def test_it_comes_back_as_it_went() -> None:
    errand = new_errand(NOW, next_page="/desk", login=7)
    sealed = seal(errand, SECRET)
    assert open_errand(sealed, SECRET) == errand
    for part in (errand.state, errand.nonce, errand.verifier, "/desk"):
        assert part not in sealed


def test_nobody_else_s_and_no_broken_one_is_opened() -> None:
    sealed = seal(new_errand(NOW), SECRET)
    for errand in ("", "x", "é", sealed[:-4], sealed[::-1], f"{sealed}AAAA"):
        assert open_errand(errand, SECRET) is None
    assert open_errand(sealed, "another secret of tests") is None


def test_it_is_answered_by_its_state_and_in_time() -> None:
    errand = new_errand(NOW)
    assert errand.is_answered_by(errand.state, NOW)
    assert not errand.is_answered_by("", NOW)
    assert not errand.is_answered_by(new_errand(NOW).state, NOW)
    assert not errand.is_answered_by(errand.state, NOW + LASTS)
    assert not errand.is_answered_by(errand.state, NOW - timedelta(seconds=1))
