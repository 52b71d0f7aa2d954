"""Fixtures of classes."""

import pytest

from tests.class_rooms import Clock


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)
