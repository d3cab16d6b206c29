"""A drift over a few days, before a small noisy world."""

import numpy as np
import pytest

from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.sim.camera import rgbe
from viewkeeper.sim.camera.conditions import Conditions
from viewkeeper.sim.camera.panorama import load_panorama
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.virtual import VirtualCamera
from viewkeeper.sim.drift import live
from viewkeeper.sim.year import registered_view


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    rng = np.random.default_rng(3)
    pixels = np.kron(rng.uniform(0.02, 1, (64, 128, 3)), np.ones((4, 4, 1))).astype(np.float32)
    path = tmp_path_factory.mktemp("world") / "noise.hdr"
    path.write_bytes(rgbe.encode(pixels))
    world = load_panorama(path)
    return VirtualCamera(world, world.home, Lens(60.0), (160, 120), 3)


def test_a_drift_is_reported_once_it_crosses_the_tolerance_and_not_denied_later(camera):
    told = live(
        camera,
        registered_view(camera),
        days=3,
        a_day_deg=0.4,
        night=Conditions(night=0.5),
        tolerance=Tolerance(pan_deg=0.7),
    )
    assert told.crossed_day == 2
    assert told.reported_day == 2
    assert not told.early
    assert told.denied == 0
    assert told.worst_error_deg < 0.3
    assert all(off_deg <= 0.35 for _, off_deg in told.lessons)
