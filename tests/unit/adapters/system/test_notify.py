import os
import socket
from pathlib import Path

import pytest

from viewkeeper.agent.adapters.system import notify
from viewkeeper.agent.adapters.system.notify import Notifier


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def heard(manager):
    manager.setblocking(False)
    told = []
    try:
        while True:
            told.append(manager.recv(4096).decode())
    except BlockingIOError:
        return told


class Time:
    now_s = 0.0

    def __call__(self):
        return self.now_s


def notifier(manager, *lenses, now=None, **more):
    environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "40000000", **more}
    return Notifier(lenses, environment, now or Time())


def test_the_service_is_ready_once_every_lens_has_turned(manager):
    both = notifier(manager, "a", "b")
    both.turned("a")
    assert heard(manager) == []
    both.turned("b")
    assert heard(manager) == ["READY=1\nSTATUS=watching", "WATCHDOG=1"]


def test_the_watchdog_starves_while_one_lens_hangs(manager):
    now = Time()
    both = notifier(manager, "a", "b", now=now)
    both.turned("a")
    both.turned("b")
    heard(manager)
    for second in range(100):
        now.now_s = float(second)
        both.turned("a")
    assert heard(manager) == []
    both.turned("b")
    assert heard(manager) == ["WATCHDOG=1"]


def test_the_watchdog_is_not_fed_at_every_turn(manager):
    now = Time()
    one = notifier(manager, "a", now=now)
    for second in range(60):
        now.now_s = float(second)
        one.turned("a")
    assert heard(manager).count("WATCHDOG=1") == 6


def test_a_lens_that_ended_is_not_waited_for(manager):
    both = notifier(manager, "a", "b")
    both.turned("a")
    both.ended("b")
    assert "WATCHDOG=1" in heard(manager)
    both.stopping()
    assert heard(manager) == ["STOPPING=1"]


def test_another_process_s_watchdog_is_not_ours(manager):
    one = notifier(manager, "a", WATCHDOG_PID=str(os.getpid() + 1))
    one.turned("a")
    assert heard(manager) == ["READY=1\nSTATUS=watching"]


def test_without_a_service_manager_nothing_is_said():
    one = Notifier(["a"], {})
    one.turned("a")
    one.stopping()


def test_a_service_manager_that_went_away_harms_nothing(tmp_path):
    one = Notifier(["a"], {"NOTIFY_SOCKET": str(tmp_path / "gone")})
    one.turned("a")
    one.stopping()


def test_what_follows_the_start_is_done_once_when_every_lens_has_turned():
    done = []
    both = Notifier(("a", "b"), {}, Time(), up=lambda: done.append("up"))
    both.turned("a")
    assert done == []
    both.turned("b")
    both.turned("a")
    both.turned("b")
    assert done == ["up"]


def test_a_service_manager_that_does_not_read_holds_no_turn_up(manager, monkeypatch):
    monkeypatch.setattr(notify, "_SEND_S", 0.01)
    now = Time()
    one = notifier(manager, "a", now=now)
    queue = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
    for turn in range(queue + 3):
        now.now_s = 20.0 * turn
        one.turned("a")
    assert "WATCHDOG=1" in heard(manager)
