"""Nothing acknowledged is lost, nothing is sent for nothing, whatever the network does.

Each seed is one history of faults. More of them: VIEWKEEPER_FAULT_SEEDS=100.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.link.peer import until
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.relay import Relay

SEEDS = int(os.environ.get("VIEWKEEPER_FAULT_SEEDS", "4"))
STEPS = 60


class Trial:
    """An agent behind a bad network, and what it was told to say."""

    def __init__(self, relay: Relay, agents: Any, outbox: Path, seed: int) -> None:
        self.relay, self._agents, self._outbox = relay, agents, outbox
        self.chance = random.Random(seed)
        self.said: list[bytes] = []
        self.agent = self._new_agent()

    def _new_agent(self) -> Any:
        agent = self._agents(self.relay.port, outbox=self._outbox, keepalive_s=5, stall_s=1.0)
        agent.link.start()
        return agent

    def say(self) -> None:
        for _ in range(self.chance.randint(1, 5)):
            self.said.append(f"event {len(self.said)}".encode())
            self.agent.link.publish_event("camera_covered", self.said[-1])

    def cut(self) -> None:
        self.relay.cut()

    def go_away(self) -> None:
        self.relay.open = False
        self.relay.cut()

    def come_back(self) -> None:
        self.relay.open = True
        self.relay.thaw()
        self.relay.delay_s = 0.0

    def freeze(self) -> None:
        self.relay.freeze()

    def slow_down(self) -> None:
        self.relay.delay_s = 0.02

    def restart(self) -> None:
        self.agent.link.stop(0.5)
        self.agent = self._new_agent()

    def step(self) -> str:
        deeds = (
            (self.say, 10),
            (self.cut, 4),
            (self.go_away, 1),
            (self.come_back, 4),
            (self.freeze, 1),
            (self.slow_down, 1),
            (self.restart, 1),
        )
        (deed,) = self.chance.choices([d for d, _ in deeds], [weight for _, weight in deeds])
        deed()
        time.sleep(self.chance.choice((0.0, 0.0, 0.01, 0.1)))
        return deed.__name__


@pytest.mark.parametrize("seed", range(SEEDS))
def test_every_event_arrives_whatever_the_network_does(
    mosquitto: Broker, agents: Any, peers: Any, tmp_path: Path, seed: int
):
    recorder = peers(mosquitto.tcp_port)
    with Relay(mosquitto.tcp_port) as relay:
        trial = Trial(relay, agents, tmp_path / "outbox", seed)
        for _ in range(STEPS):
            trial.step()
        trial.come_back()
        trial.say()
        until(lambda: trial.agent.link.counts.waiting == 0, 40.0)
        until(lambda: trial.said[-1] in {heard.payload for heard in recorder.heard})
        trial.agent.link.stop()
    live = recorder.payloads("/event/camera_covered")
    history = recorder.payloads("/history")
    assert {*live, *history} == set(trial.said)
    # In order once the repetitions are dropped, as a recorder drops them.
    place = {payload: number for number, payload in enumerate(trial.said)}
    first_heard = list(dict.fromkeys(live))
    assert first_heard == sorted(first_heard, key=place.__getitem__)
    assert trial.agent.link.counts.lost == 0


def test_a_frozen_network_is_noticed_and_the_caller_never_waits(
    mosquitto: Broker, agents: Any, peers: Any
):
    recorder = peers(mosquitto.tcp_port)
    with Relay(mosquitto.tcp_port) as relay:
        agent = agents(relay.port, stall_s=0.5).started()
        relay.freeze()
        longest_s = 0.0
        for number in range(2000):
            begun = time.monotonic()
            agent.link.publish_event("camera_covered", number.to_bytes(2, "big") * 100)
            agent.link.publish_report(number.to_bytes(2, "big") * 200)
            longest_s = max(longest_s, time.monotonic() - begun)
        agent.away()
        relay.thaw()
        until(lambda: agent.link.counts.waiting == 0, 30.0)
        agent.link.stop()
    heard = {*recorder.payloads("/event/camera_covered"), *recorder.payloads("/history")}
    assert len(heard) == 2000
    print(f"longest call {1000 * longest_s:.1f} ms")
