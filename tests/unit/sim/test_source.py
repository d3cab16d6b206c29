"""The virtual camera behind the agent's own port, led by its stage file."""

from __future__ import annotations

import numpy as np
import pytest

from viewkeeper.agent.ports import SourceError
from viewkeeper.agent.settings import SignageSettings, SourceSettings
from viewkeeper.protocol.errors import Reason
from viewkeeper.sim.camera import rgbe
from viewkeeper.sim.signage import LampFault
from viewkeeper.sim.source import VirtualSource, adapters
from viewkeeper.sim.stage import Scene, Stage, StageHand


class Time:
    def __init__(self) -> None:
        self.now_s = 100.0

    def read(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def scene(tmp_path) -> Scene:
    """A small noisy world, so that no test waits for the street to be drawn."""
    rng = np.random.default_rng(3)
    pixels = np.kron(rng.uniform(0.02, 1, (64, 128, 3)), np.ones((4, 4, 1))).astype(np.float32)
    path = tmp_path / "noise.hdr"
    path.write_bytes(rgbe.encode(pixels))
    return Scene(panorama=str(path), width_px=80, height_px=60, fps=10)


@pytest.fixture
def hand(tmp_path, scene) -> StageHand:
    return StageHand(tmp_path / "cam-7.json", Stage(scene=scene))


def opened(hand: StageHand, clock: Time) -> VirtualSource:
    source = VirtualSource(hand.path, clock.read, clock.sleep)
    source.open()
    return source


def test_frames_come_at_the_stated_rate_with_rising_times(hand):
    clock = Time()
    source = opened(hand, clock)
    times = [source.read(1).captured_mono_s for _ in range(4)]
    assert np.diff(times) == pytest.approx([0.1] * 3)
    assert source.name == "virtual camera cam-7"


def test_a_knock_shows_in_the_next_frame_and_in_the_truth(hand):
    clock = Time()
    source = opened(hand, clock)
    before = source.read(1).luma
    hand.set(pan_deg=3.0)
    after = source.read(1).luma
    assert before.shape == after.shape == (60, 80)
    assert np.abs(before.astype(int) - after).mean() > 5
    assert source.truth is not None
    assert source.truth.move.pan_deg == pytest.approx(3.0)


def test_a_blow_rings_and_dies_away(hand):
    clock = Time()
    source = opened(hand, clock)
    source.read(1)
    hand.strike()
    source.read(1)
    assert source.truth.shaking
    clock.sleep(3)
    source.read(1)
    assert not source.truth.shaking
    assert source.truth.move.pan_deg == pytest.approx(0, abs=1e-6)


def test_blows_from_before_the_start_are_past(hand):
    hand.strike()
    source = opened(hand, Time())
    source.read(1)
    assert not source.truth.shaking


def test_a_pulled_cable_is_a_lost_source_until_it_is_plugged_in(hand):
    source = opened(hand, Time())
    hand.signal(False)
    with pytest.raises(SourceError) as caught:
        source.read(1)
    assert caught.value.reason is Reason.SOURCE_LOST
    hand.signal(True)
    assert source.read(1).luma.shape == (60, 80)


def test_a_frame_due_after_the_timeout_is_a_lost_source(hand, scene):
    source = opened(hand, Time())
    source.read(1)
    with pytest.raises(SourceError) as caught:
        source.read(0.01)
    assert caught.value.reason is Reason.SOURCE_LOST


def test_a_changed_scene_is_built_anew(hand, scene):
    from dataclasses import replace

    source = opened(hand, Time())
    source.read(1)
    hand.set(scene=replace(scene, width_px=64, height_px=48))
    assert source.read(1).luma.shape == (48, 64)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, Reason.FILE_MISSING), ("{", Reason.SETTING)]
)
def test_a_wrong_stage_file_is_told_with_its_path(tmp_path, content, reason):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SourceError) as caught:
        VirtualSource(path).open()
    assert caught.value.reason is reason
    assert "x.json" in caught.value.hint


def test_a_missing_panorama_is_told_with_its_path(tmp_path):
    path = StageHand(tmp_path / "s.json", Stage(scene=Scene(panorama="/no/such.hdr"))).path
    with pytest.raises(SourceError) as caught:
        VirtualSource(path).open()
    assert "/no/such.hdr" in caught.value.hint


def test_settings_may_name_the_virtual_camera_and_the_simulated_lamp(hand):
    made = adapters()
    source = made.source(SourceSettings(kind="virtual", path=str(hand.path)))
    source.open()
    assert source.read(2).luma.shape == (60, 80)
    source.close()
    lamp = made.sign(SignageSettings(driver="simulated", path=str(hand.path)))
    assert lamp.read().current_ma > 300
    hand.lamp(LampFault.DARK)
    assert lamp.read().current_ma < 5
    lamp.close()


def test_a_camera_says_which_way_is_down_only_when_told_to_and_with_the_lie_it_was_given(hand):
    clock = Time()
    source = opened(hand, clock)
    assert source.read(1).sensor.gravity is None
    hand.sensors()
    level = source.read(1).sensor
    assert level.gravity == pytest.approx((0.0, 1.0, 0.0))
    assert level.crop_share == 1.0
    hand.set(tilt_deg=10.0)
    up = np.array(source.read(1).sensor.gravity)
    assert up == pytest.approx((0.0, np.cos(np.radians(10)), -np.sin(np.radians(10))))
    hand.sensors(felt_tilt_deg=-10.0)
    assert source.read(1).sensor.gravity == pytest.approx((0.0, 1.0, 0.0))
