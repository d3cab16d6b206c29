"""The processes of a run: broker, agents behind relays, recorder behind one; and what they said."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from viewkeeper.sim.broker import Broker
from viewkeeper.sim.faults.plan import RECORDER, Fault, Kind
from viewkeeper.sim.relay import Relay

Identity = tuple[int, str, int]
"""Agent, boot, number."""
SPARE_BYTES = 4096
"""A full disk lets a file grow by this much more: it fills while it is written to."""
AUTOSAVE_S = 1
"""How often the broker writes what it remembers: at a site each minute, here as short as it can be.

After each change is too slow for a row of records that waits: the whole of it is written each time,
agents say again what nobody confirmed meanwhile, and it grows."""
SUBSCRIBED_S = 0.5 + 2 * AUTOSAVE_S
"""From the recorder's connection until its session outlives the broker."""


class Process:
    """A child that takes commands, tells lines and can be killed."""

    def __init__(self, command: list[str], log: Path) -> None:
        with log.open("ab") as stderr:
            self._child = subprocess.Popen(
                [sys.executable, "-m", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.counts: queue.Queue[list[str]] = queue.Queue()
        self.said: list[tuple[str, str, int]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            words = line.split()
            if words[:1] == ["C"]:
                self.counts.put(words[1:])
            elif len(words) == 3:
                self.said.append((words[0], words[1], int(words[2])))

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def tell(self, command: str) -> None:
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.write(command + "\n")
            self._child.stdin.flush()

    def count(self) -> list[int]:
        """What it answers to ``count``; empty: nothing in time."""
        self.tell("count")
        try:
            return [int(text) for text in self.counts.get(timeout=5.0)]
        except queue.Empty:
            return []

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()
        self._reader.join()

    def stop(self) -> None:
        self.tell("stop")
        try:
            self._child.wait(20.0)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._child.wait()
        self._reader.join()


class World:
    """Everything that runs, and the book of what it said.

    Attributes:
        made, acknowledged: what agents say they made and what the broker said it has.
        excused: made, but neither acknowledged nor on the card when its agent was killed.
    """

    def __init__(self, folder: Path, agents: int) -> None:
        self.folder = folder
        self.broker = Broker.start("mosquitto", autosave_s=AUTOSAVE_S)
        self.relays = {number: Relay(self.broker.tcp_port) for number in (RECORDER, *range(agents))}
        self.made: set[Identity] = set()
        self.acknowledged: set[Identity] = set()
        self.excused: set[Identity] = set()
        self.lives: Counter[int] = Counter()
        self._many = agents
        # What is acknowledged before the recorder's session exists is nobody's to keep.
        self.recorder = self._new_recorder()
        while self.recorder.count()[2:] != [1]:
            time.sleep(0.1)
        time.sleep(SUBSCRIBED_S)
        self.agents = [self._new_agent(number) for number in range(agents)]

    @property
    def recording(self) -> Path:
        return self.folder / "recorder" / "desk.sqlite"

    def _new_agent(self, number: int) -> Process:
        outbox = self.folder / f"agent-{number}" / "outbox.sqlite"
        self.lives[number] += 1
        port = self.relays[number].port
        return Process(
            ["viewkeeper.sim.faults.agent", f"{number}", f"{port}", str(outbox)],
            self.folder / f"agent-{number}.log",
        )

    def _new_recorder(self) -> Process:
        self.recording.parent.mkdir(exist_ok=True)
        self.lives[RECORDER] += 1
        port = self.relays[RECORDER].port
        return Process(
            ["viewkeeper.sim.faults.recorder", f"{self._many}", f"{port}", str(self.recording)],
            self.folder / "recorder.log",
        )

    def strike(self, fault: Fault) -> None:
        """Let it happen."""
        match fault.kind:
            case Kind.BROKER_KILL:
                self.broker.kill()
            case Kind.AGENT_KILL:
                self._bury(fault.victim)
            case Kind.RECORDER_KILL:
                self.recorder.kill()
            case Kind.LINK_CUT:
                self.relays[fault.victim].open = fault.lasts_s == 0.0
                self.relays[fault.victim].cut()
            case Kind.LINK_FROZEN:
                self.relays[fault.victim].freeze()
            case Kind.AGENT_DISK_FULL:
                most = _largest(self.folder / f"agent-{fault.victim}") + SPARE_BYTES
                self.agents[fault.victim].tell(f"limit {most}")
            case Kind.RECORDER_DISK_FULL:
                self.recorder.tell(f"limit {_largest(self.recording.parent) + SPARE_BYTES}")
            case Kind.CLOCK_JUMP:
                self.agents[fault.victim].tell(f"jump {fault.jump_ms}")

    def mend(self, fault: Fault) -> None:
        """Let it be over."""
        match fault.kind:
            case Kind.BROKER_KILL:
                if not self.broker.running:
                    self.broker.restart()
            case Kind.AGENT_KILL:
                if not self.agents[fault.victim].alive:
                    self.agents[fault.victim] = self._new_agent(fault.victim)
            case Kind.RECORDER_KILL:
                if not self.recorder.alive:
                    self.recorder = self._new_recorder()
            case Kind.LINK_CUT:
                self.relays[fault.victim].open = True
            case Kind.LINK_FROZEN:
                self.relays[fault.victim].thaw()
            case Kind.AGENT_DISK_FULL:
                self.agents[fault.victim].tell("limit -1")
            case Kind.RECORDER_DISK_FULL:
                self.recorder.tell("limit -1")
            case Kind.CLOCK_JUMP:
                pass

    def _bury(self, number: int) -> None:
        """Kill an agent; what it had neither sent nor written is nobody's to keep."""
        agent = self.agents[number]
        if not agent.alive:
            return
        agent.kill()
        self._book(number, agent, killed=True)

    def _book(self, number: int, agent: Process, *, killed: bool) -> None:
        made, written, acknowledged = (
            {(number, boot, n) for what, boot, n in agent.said if what == said} for said in "MWA"
        )
        self.made |= made
        self.acknowledged |= acknowledged
        if killed:
            self.excused |= made - written - acknowledged

    def settle(self, timeout_s: float) -> str:
        """Everything mended already: be quiet, and wait until all is sent and kept.

        Returns:
            Empty, or what was still open when the time was over.
        """
        for agent in self.agents:
            agent.tell("quiet")
        deadline = time.monotonic() + timeout_s
        still = 0
        before: list[list[int]] = []
        while time.monotonic() < deadline:
            time.sleep(0.5)
            counts = [one.count() for one in (*self.agents, self.recorder)]
            sent = all(count[:2] == [0, 0] for count in counts[:-1])
            kept = counts[-1][1:2] == [0]
            still = still + 1 if sent and kept and counts == before else 0
            before = counts
            if still >= 3:
                return ""
        return "; ".join(
            f"{name} said {count or 'nothing'}"
            for name, count in zip(
                [*(f"agent {number}" for number in range(self._many)), "recorder"],
                before,
                strict=True,
            )
        )

    def close(self) -> None:
        """End everything in good order."""
        for number, agent in enumerate(self.agents):
            agent.stop()
            self._book(number, agent, killed=False)
        self.recorder.stop()
        for relay in self.relays.values():
            relay.close()
        self.broker.stop()


def _largest(folder: Path) -> int:
    return max((path.stat().st_size for path in folder.glob("*")), default=0)
