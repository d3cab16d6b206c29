import threading
import time

import numpy as np
import pytest

from viewkeeper.agent.adapters.sources.newest import MOST_STUCK, NewestFrame
from viewkeeper.agent.core.frame import Frame
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason


def frame(number):
    return Frame(luma=np.full((16, 16), number, np.uint8), captured_mono_s=float(number))


class Scripted:
    """Gives what it is told to, then waits to be released."""

    def __init__(self, *steps):
        self.steps, self.closed = list(steps), threading.Event()
        self.given, self.release = threading.Event(), threading.Event()

    def open(self):
        pass

    def grab(self):
        if not self.steps:
            self.given.set()
            self.release.wait(20)
            raise SourceError(Reason.SOURCE_LOST, "released")
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def close(self):
        self.closed.set()


def test_the_newest_frame_is_given_and_none_twice():
    grabber = Scripted(frame(1), frame(2), frame(3))
    source = NewestFrame("scripted", lambda: grabber)
    source.open()
    assert grabber.given.wait(5)
    assert source.read(5).captured_mono_s == 3.0
    with pytest.raises(SourceError, match=r"no frame within 0\.01 s"):
        source.read(0.01)
    grabber.release.set()
    source.close()
    assert grabber.closed.wait(5)


def test_a_frame_that_came_before_the_end_is_given_before_the_end_is_told():
    grabber = Scripted(frame(1), SourceError(Reason.SOURCE_LOST, "cable cut"))
    source = NewestFrame("scripted", lambda: grabber)
    source.open()
    assert grabber.closed.wait(5)
    assert source.read(5).captured_mono_s == 1.0
    with pytest.raises(SourceError, match="cable cut"):
        source.read(5)


def test_whatever_a_driver_raises_is_a_lost_source():
    source = NewestFrame("scripted", lambda: Scripted(ZeroDivisionError("secret")))
    source.open()
    with pytest.raises(SourceError, match="ZeroDivisionError in the driver") as caught:
        source.read(5)
    assert "secret" not in caught.value.hint


def test_a_driver_that_never_returns_holds_nothing_up_and_is_not_piled_up():
    release = threading.Event()

    class Hanging(Scripted):
        def open(self):
            release.wait(60)

    source = NewestFrame("hanging", Hanging, close_wait_s=0.01)
    threads = threading.active_count()
    for _ in range(MOST_STUCK):
        source.open()
        with pytest.raises(SourceError, match="no frame within"):
            source.read(0.01)
        source.close()
    with pytest.raises(SourceError, match="hangs in 3 attempts"):
        source.open()
    assert threading.active_count() == threads + MOST_STUCK
    release.set()
    while threading.active_count() > threads:
        time.sleep(0.01)
    source.open()  # once the driver came back, the source may be tried again
    source.close()


def test_a_source_that_was_not_opened_says_so():
    with pytest.raises(SourceError, match="is not open"):
        NewestFrame("scripted", Scripted).read(1)
