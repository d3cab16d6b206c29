import threading
import time

from viewkeeper.agent.adapters.system.clock import SystemClock
from viewkeeper.agent.adapters.system.health import LinuxHealthProbe
from viewkeeper.protocol.vocabulary import ClockTrust


def test_a_wait_ends_when_woken():
    wake = threading.Event()
    clock = SystemClock(wake)
    wake.set()
    before = time.monotonic()
    clock.wait(60)
    assert time.monotonic() - before < 30
    assert not wake.is_set()


def test_a_vouched_clock_is_trusted():
    clock = SystemClock(threading.Event(), assume_synchronised=True)
    assert clock.read().trust is ClockTrust.SYNCHRONISED


def test_both_clocks_are_read_and_monotonic_does_not_go_back():
    clock = SystemClock(threading.Event())
    first, second = clock.read(), clock.read()
    assert second.mono_s >= first.mono_s
    assert abs(first.utc_s - time.time()) < 60


def test_the_probe_reads_this_machine(tmp_path):
    health = LinuxHealthProbe(tmp_path).read()
    assert 0 <= health.storage_free_share <= 1
    assert 1_000 < health.memory_kib < 10_000_000
    assert health.uptime_s > 0
    assert health.cpu_share is None  # no span measured yet


def test_a_missing_folder_leaves_the_share_out(tmp_path):
    assert LinuxHealthProbe(tmp_path / "gone").read().storage_free_share is None
