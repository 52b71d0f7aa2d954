"""A benchmark that is broken off says so, and one side's process answers task after task."""

import os
import signal
import sys

import pytest

from tests.benchmarks.apart import Apart
from tests.benchmarks.waits import until_interrupted

_MODULE = '''
import os
from tests.benchmarks.apart import serve

def work_on(task):
    print("beside the answers")
    return {"twice": 2 * task["number"], "waits": os.environ.get("GOMP_SPINCOUNT")}

serve(work_on)
'''


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_block_and_not_the_process(number, capsys):
    before = signal.getsignal(number)
    done = []
    with until_interrupted():
        done.append(1)
        os.kill(os.getpid(), number)
        done.append(2)
    assert done == [1] and signal.getsignal(number) is before
    assert "Interrupted: clears up, then prints what was measured until now." in capsys.readouterr().err


def test_a_process_answers_each_task_in_its_own_environment(tmp_path, monkeypatch):
    (tmp_path / "doubles.py").write_text(_MODULE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    with Apart("doubles", {"GOMP_SPINCOUNT": "5000"}) as side:
        assert [side.ask(number=n)["twice"] for n in (3, 4)] == [6, 8]
        assert side.ask(number=1)["waits"] == "5000"
        with pytest.raises(RuntimeError, match="doubles ended with 1 at {'word': 'none'}."):
            side.ask(word="none")
