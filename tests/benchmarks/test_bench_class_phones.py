"""The benchmark of a class's phones: three of them answer two items through a server's websockets, and none is lost."""

from tests.benchmarks.class_phones import hold_class


def test_phones_answer_through_the_server():
    tally = hold_class(phones=3, items=2)
    assert tally.stored == tally.tapped == len(tally.waits) == len(tally.pictures) == 6
    assert min(tally.waits) > 0 and min(tally.pictures) > 0 and tally.after > tally.before > 0
