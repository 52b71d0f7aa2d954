"""The hostile corpus: its size, and the part of it that every run of the tests hands over.

All of it: `make hostile`.
"""

import os
import signal
import subprocess
import sys

import pytest

from tests.hostile.case import KINDS, cases_of
from tests.hostile.run import family_memory, outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_the_quick_part_goes_as_it_must(kind):
    found = outcomes([kind], fast=True)
    assert found and not [f"{one.name}: {one.problem}" for one in found if one.problem]


def test_it_is_large():
    sizes = {kind: len(cases_of(kind)) for kind in KINDS}
    assert min(sizes.values()) >= 60 and sum(sizes.values()) >= 1500


def test_what_a_child_shares_with_its_parent_is_counted_once():
    """A child just forked, such as one that is about to become another program, has all of its pages resident."""
    script = """if True:
        import os, sys, time
        much = b"x" * 200_000_000
        if os.fork():
            print("forked", flush=True)
        time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout.readline() == b"forked\n"
        counted = family_memory(process.pid)
        os.killpg(process.pid, signal.SIGKILL)
    assert 200e6 < counted < 300e6
