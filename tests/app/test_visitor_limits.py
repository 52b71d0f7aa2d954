"""What visitors of a shared server may upload, classify and start, each session and all together."""

import pytest

from app import access, upload_limits, visitor_limits
from app.access import Right
from app.budgets import Budget
from app.upload_limits import UploadLimits, too_much
from pipeline import limits
from pipeline.errors import LimitError
from tests.app_pages import PROJECT, VISITOR


@pytest.fixture
def visitor(monkeypatch, workspace):
    """A session of a visitor, which a test may begin anew, and nothing counted yet."""
    sessions: list[dict] = []

    def begin() -> None:
        sessions.append({})
        monkeypatch.setattr(visitor_limits.st, "session_state", sessions[-1])

    monkeypatch.setattr(access, "request_headers", lambda: VISITOR)
    monkeypatch.setattr(visitor_limits, "_of_all", {
        action: Budget(pace.in_all, pace.seconds) for action, pace in visitor_limits.PACES.items()})
    begin()
    return begin


def test_answers_are_counted_for_a_session_and_for_all(visitor):
    for _ in range(limits.MOST_ANSWERS_A_MINUTE):
        access.require(Right.CLASSIFY)
    with pytest.raises(LimitError, match=f"^At most {limits.MOST_ANSWERS_A_MINUTE} images classified a minute for e"):
        access.require(Right.CLASSIFY)
    with pytest.raises(LimitError, match=f"^At most {limits.MOST_ANSWERS_A_MINUTE_IN_ALL} .* for all visitors toge"):
        for _ in range(limits.MOST_ANSWERS_A_MINUTE_IN_ALL):
            visitor()
            access.require(Right.CLASSIFY)


def test_the_operator_is_not_counted(visitor, monkeypatch):
    monkeypatch.setattr(access, "request_headers", lambda: {"Host": "127.0.0.1"})
    for _ in range(2 * limits.MOST_ANSWERS_A_MINUTE_IN_ALL):
        access.require(Right.CLASSIFY)


def test_a_stand_trains_so_often_and_not_onto_a_full_disk(visitor, monkeypatch):
    monkeypatch.setenv("LESIONLAB_MODE", "stand")
    for _ in range(limits.MOST_TRAININGS_AN_HOUR):
        access.require(Right.TRAIN_ONE)
    with pytest.raises(LimitError, match="trainings started an hour for each visitor"):
        access.require(Right.TRAIN_ONE)
    visitor()
    monkeypatch.setattr(visitor_limits, "LEAST_FREE_BYTES", 2**70)
    with pytest.raises(LimitError, match="^The server's disk is nearly full. Tell the person who runs it.$"):
        access.require(Right.TRAIN_ONE)


def test_a_budget_is_free_again_in_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("app.budgets.time.monotonic", lambda: now[0])
    budget = Budget(2, 10.0)
    assert budget.take() and budget.take() and not budget.take()
    now[0] = 10.0
    assert budget.take() and budget.take() and not budget.take()


def test_uploads_are_counted_and_weighed():
    size, most = 2**20, limits.MOST_UPLOADED_BYTES
    assert too_much("one", size, {}) == "" == too_much("one", size, {"one": [1] * (limits.MOST_UPLOADS - 1)})
    assert "remove some first" in too_much("one", size, {"one": [1] * limits.MOST_UPLOADS})
    assert too_much("one", size, {"one": [most - size]}) == ""
    assert "MiB of uploads for each visitor" in too_much("one", size + 1, {"one": [most - size]})
    others = {str(number): [most] for number in range(limits.MOST_UPLOADED_BYTES_IN_ALL // most)}
    assert "for all visitors together" in too_much("one", most, others)


@pytest.mark.parametrize(("mode", "length", "status"), [
    ("class", str(limits.MOST_UPLOADED_BYTES + 1), 413), ("class", None, 411), ("class", "-1", 411),
    ("class", "5", 200),
    ("own", str(limits.MOST_UPLOADED_BYTES + 1), 200), ("own", None, 200),
])
def test_the_door_asks_before_it_takes_a_file(monkeypatch, mode, length, status):
    """On its owner's own server it asks nothing."""
    import asyncio

    monkeypatch.setenv("LESIONLAB_MODE", mode)
    sent: list[dict] = []

    async def taken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), *([(b"content-length", length.encode())] if length else [])]
    scope = {"type": "http", "method": "PUT", "path": "/_stcore/upload_file/session/file", "headers": headers}
    asyncio.run(UploadLimits(taken)(scope, None, send))
    assert sent[0]["status"] == status
    assert upload_limits._held() == {}


def test_the_readme_says_the_same():
    said = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert (f"classify up to {limits.MOST_ANSWERS_A_MINUTE} images a minute, {limits.MOST_UPLOADS} uploads of "
            f"{limits.MOST_UPLOADED_BYTES // 2**20} MiB together") in said
    assert (f"{limits.MOST_TRAININGS_AN_HOUR} times an hour while {limits.LEAST_FREE_BYTES // 2**30} GiB of disk are "
            "free") in said
