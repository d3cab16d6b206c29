"""The loop in hand, for the tests of what it says and of what it watches."""

import pytest

from tests.support.loop_hand import Hand, loop_of


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def runtime(hand, tmp_path):
    return loop_of(hand, tmp_path)
