"""The hostile corpus: its size, and the part of it that every run of the tests hands over.

All of it: `make hostile`.
"""

import pytest

from tests.hostile.case import KINDS, cases_of
from tests.hostile.run import outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_the_quick_part_goes_as_it_must(kind):
    found = outcomes([kind], fast=True)
    assert found and not [f"{one.name}: {one.problem}" for one in found if one.problem]


def test_it_is_large():
    sizes = {kind: len(cases_of(kind)) for kind in KINDS}
    assert min(sizes.values()) >= 60 and sum(sizes.values()) >= 1500
