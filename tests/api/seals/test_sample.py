"""A seed draws the same claims for everybody, and a claim that comes later moves none."""

from api.seals.audit.sample import draw

NUMBERS = [f"DF-2026-{number:04d}" for number in range(200)]


def test_a_seed_draws_the_same() -> None:
    sample = draw(NUMBERS, "2026-A", 10)
    assert sample == draw(reversed(NUMBERS), "2026-A", 10)
    assert len(set(sample)) == 10
    assert sample != draw(NUMBERS, "2026-B", 10)
    assert draw(NUMBERS, "2026-A", 300)[:10] == sample


def test_who_comes_later_takes_her_own_turn() -> None:
    numbers = [number for number in draw([*NUMBERS, "DF-2027-0001"], "s", 201) if "2026" in number]
    assert numbers == draw(NUMBERS, "s", 200)


def test_every_claim_is_drawn_about_as_often() -> None:
    times = dict.fromkeys(NUMBERS, 0)
    for seed in range(400):
        for number in draw(NUMBERS, str(seed), 20):
            times[number] += 1
    assert 15 < min(times.values()) <= max(times.values()) < 75  # 40 each
