"""The progress line of a command: on a terminal one line, in a log a line now and then."""

from pipeline.commands.progress_line import ProgressLine


class _Stream(list):
    def __init__(self, terminal):
        self.isatty = lambda: terminal

    write = list.append

    def flush(self):
        pass


def test_progress_in_a_log_is_a_line_now_and_then(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("pipeline.commands.progress_line.time.monotonic", lambda: now[0])
    stream = _Stream(terminal=False)
    progress = ProgressLine(stream)
    for number in range(101):
        now[0] = number / 10
        progress(number / 100, "Copies.")
    assert stream == ["  0 %  Copies.\n", " 50 %  Copies.\n", "100 %  Copies.\n"]


def test_progress_on_a_terminal_is_one_line_that_ends_before_other_words():
    stream = _Stream(terminal=True)
    progress = ProgressLine(stream)
    progress(None, "Waits.")
    progress(1.0, "Ready.")
    progress.end()
    progress.end()
    assert "".join(stream) == "\r\033[KWaits.\r\033[K100 %  Ready.\n"
