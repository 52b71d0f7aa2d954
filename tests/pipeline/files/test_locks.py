"""Work that several processes may want is done by one at a time, and a wait can be ended."""

import pytest

from pipeline.files.locks import file_lock
from pipeline.progress import Cancelled
from tests.small_archives import exactly


def test_waiting_ends_when_it_is_ones_turn(tmp_path):
    def stop(fraction, sentence):
        raise Cancelled(sentence)

    mine, another = tmp_path / "lock", tmp_path / "other lock"
    refused = pytest.raises(Cancelled, match=exactly("Waits."))
    with file_lock(mine, stop, "Waits."), file_lock(another, stop, "Waits."), refused, file_lock(mine, stop, "Waits."):
        pass
    with file_lock(mine, stop, "Waits."):
        pass
