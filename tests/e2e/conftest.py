"""Worlds with the real broker, desk and agent."""

from __future__ import annotations

import pytest

from viewkeeper.sim.broker import Broker
from viewkeeper.sim.demo.play import Play
from viewkeeper.sim.demo.world import Camera, World
from viewkeeper.sim.stage import Scene

PATIENCE_S = 60.0


def plays_in(folder, kind="auto"):
    """A world with one camera, registered, accepted and in use."""
    from viewkeeper.sim.demo import story

    world = World(folder, Broker.start(kind))
    camera = world.add_camera("cam-0001", "Test", scene=Scene(fps=10.0))
    play = Play(world, camera)
    story.register(play)
    story.accept(play)
    # A second configuration, so that there is one to roll back to.
    second = world.order(camera, world.configuration(play.view_hash, tolerance_deg=1.05))
    assert second.verdict is not None
    assert second.verdict.accepted
    in_force = second.verdict.config_hash
    assert play.sees(lambda seen: seen.report.config_hash == in_force[:8])
    return play


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    """One world a module: each test leaves it as it found it."""
    made = plays_in(tmp_path_factory.mktemp("world"))
    with made.world:
        yield made


@pytest.fixture
def camera(play) -> Camera:
    return play.camera
