"""Peaks are what the policy's own cases count with; a model that was not looked up has none."""

import pytest

from ledger.registry.rules.peaks import peak_tflops


@pytest.mark.parametrize(("cards", "reaches"), [(320, False), (321, True)])
def test_the_boundary_of_article_2_in_cards_of_312(cards: int, reaches: bool) -> None:
    peak = peak_tflops("NVIDIA A100-SXM4-80GB")
    assert peak is not None
    assert (cards * peak >= 100_000) == reaches


@pytest.mark.parametrize("model", [None, "", "NVIDIA GeForce RTX 4090", "Ascend 910B"])
def test_what_was_not_looked_up_is_not_guessed(model: str | None) -> None:
    assert peak_tflops(model) is None
