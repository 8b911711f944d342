"""A path leads from its leaf to the tree's root, and no other leaf, place or path does."""

from contextlib import suppress

import pytest

from ledger.seals.codes import Algorithm
from ledger.seals.rules.merkle import Tree
from ledger.seals.rules.paths import Paths, root_by

SHA = Algorithm.SHA256


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 33])
def test_every_leaf_has_a_path_and_only_its_own(count: int) -> None:
    leaves = [b"leaf %d" % number for number in range(count)]
    tree = Tree(SHA)
    for leaf in leaves:
        tree.add(leaf)
    paths = Paths(leaves, SHA)
    assert paths.root == tree.root()
    for place, leaf in enumerate(leaves):
        path = paths.of(place)
        assert root_by(leaf, place, count, path, SHA) == tree.root()
        assert root_by(leaf + b"!", place, count, path, SHA) != tree.root()
        for other in set(range(count)) - {place}:
            with suppress(ValueError):  # a path of that place may have another length
                assert root_by(leaf, other, count, path, SHA) != tree.root()
        with pytest.raises(ValueError, match=r"\d"):
            root_by(leaf, place, count, [*path, path[0] if path else leaf], SHA)
        with pytest.raises(ValueError, match=r"\d"):
            root_by(leaf, count, count, path, SHA)
        if path:
            with pytest.raises(ValueError, match=r"\d"):
                root_by(leaf, place, count, path[:-1], SHA)
