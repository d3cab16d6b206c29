import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core.frame import PtzPosition, SensorState
from viewkeeper.agent.core.quality.health import Finding, ImageHealth, Kind
from viewkeeper.agent.core.view.fusion import LASTING_S, Corroborated, fuse, step
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import DISAGREEMENTS, Corroboration, ViewVerdict

SAME, MOVED, UNSEEN = ViewVerdict.SAME, ViewVerdict.MOVED, ViewVerdict.CANNOT_TELL
WELL = ImageHealth()
BLURRED = ImageHealth((Finding(Kind.DEFOCUSED, 1.0, 1.35),))
DOWN = (0.0, 9.81, 0.0)
HOME = SensorState(
    crop_share=1.0,
    ptz=PtzPosition(0.1, 0.2, 0.0, moving=False),
    gravity=DOWN,
    lens_position_dioptre=0.2,
)


def now(crop: float = 1.0, pan: float = 0.1, *, moving: bool = False, tampered: bool | None = None):
    ptz = PtzPosition(pan, 0.2, 0.0, moving=moving)
    return SensorState(crop_share=crop, ptz=ptz, tampered=tampered)


def felt(move: Move, home: tuple[float, float, float] = DOWN) -> tuple[float, float, float]:
    """Gravity in a camera that has turned by a move: d_registered = R d_present."""
    x, y, z = move.rotation().T @ np.array(home)
    return float(x), float(y), float(z)


@pytest.mark.parametrize(
    ("state", "verdict", "move", "words"),
    [
        (now(), SAME, Move(), ()),
        (now(0.8), SAME, Move(), (Corroboration.ZOOM_CHANGED_PICTURE_SAME,)),
        (now(0.8), ViewVerdict.OBSTRUCTED, Move(), (Corroboration.ZOOM_CHANGED_PICTURE_SAME,)),
        (now(pan=0.3), SAME, Move(), (Corroboration.MOUNT_TURNED_PICTURE_SAME,)),
        (now(pan=0.3), MOVED, Move(20.0), (Corroboration.TURNED_BY_MOUNT,)),
        (now(pan=0.3), UNSEEN, Move(), (Corroboration.TURNED_UNSEEN,)),
        (now(), MOVED, Move(2.0), (Corroboration.MOUNT_STILL_PICTURE_MOVED,)),
        (now(tampered=True), SAME, Move(), (Corroboration.TAMPER_PICTURE_SAME,)),
        (now(tampered=True), UNSEEN, Move(), (Corroboration.TAMPER_AGREES,)),
        (now(pan=0.3, moving=True), MOVED, Move(2.0), ()),
        (
            now(pan=0.3, tampered=True),
            MOVED,
            Move(9.0),
            (Corroboration.TURNED_BY_MOUNT, Corroboration.TAMPER_AGREES),
        ),
    ],
)
def test_each_agreement_and_disagreement_has_its_name(
    state: SensorState, verdict: ViewVerdict, move: Move, words: tuple
):
    assert fuse(HOME, state, verdict, move, WELL) == words


def test_half_the_sensor_is_twice_the_zoom_and_not_half():
    home, half = SensorState(crop_share=1.0), SensorState(crop_share=0.5)
    agrees, differs = (Corroboration.ZOOMED_BY_CAMERA,), (Corroboration.ZOOM_DIFFERS,)
    assert fuse(home, half, MOVED, Move(zoom=2.0), WELL) == agrees
    assert fuse(home, half, MOVED, Move(zoom=0.5), WELL) == differs
    assert fuse(half, home, MOVED, Move(zoom=0.5), WELL) == agrees


TILTS = st.floats(2.0, 15.0) | st.floats(-15.0, -2.0)


@given(TILTS, st.floats(-15.0, 15.0), st.floats(-8.0, 8.0))
def test_gravity_that_turned_as_the_picture_says_agrees_and_the_other_way_round_differs(
    tilt: float, pan: float, roll: float
):
    move = Move(pan, tilt, roll)
    there, back = SensorState(gravity=felt(move)), SensorState(gravity=felt(Move(pan, -tilt, roll)))
    home = SensorState(gravity=DOWN)
    assert fuse(home, there, MOVED, move, WELL) == (Corroboration.TILT_AGREES,)
    assert fuse(home, back, MOVED, move, WELL) == (Corroboration.TILT_DIFFERS,)
    assert fuse(home, there, SAME, Move(), WELL) == (Corroboration.TILTED_PICTURE_SAME,)
    assert fuse(home, there, UNSEEN, Move(), WELL) == (Corroboration.TILTED_UNSEEN,)


def test_tilting_up_brings_down_into_the_view_from_below():
    x, y, z = felt(Move(tilt_deg=10.0), (0.0, 1.0, 0.0))
    assert (x, y) == pytest.approx((0.0, math.cos(math.radians(10.0))))
    assert z == pytest.approx(-math.sin(math.radians(10.0)))


@given(st.floats(-40.0, 40.0))
def test_gravity_feels_no_pan_and_says_nothing_of_it(pan: float):
    home = SensorState(gravity=DOWN)
    assert fuse(home, SensorState(gravity=DOWN), MOVED, Move(pan), WELL) == ()


def test_a_shaken_accelerometer_is_no_witness():
    shaken = SensorState(gravity=(4.0, 11.0, 2.0))
    assert fuse(SensorState(gravity=DOWN), shaken, SAME, Move(), WELL) == ()


def test_a_blur_is_laid_to_the_lens_only_where_the_lens_has_moved():
    near, far = SensorState(lens_position_dioptre=2.0), SensorState(lens_position_dioptre=0.25)
    assert fuse(HOME, near, SAME, Move(), BLURRED) == (Corroboration.FOCUS_MOVED,)
    assert fuse(HOME, far, SAME, Move(), BLURRED) == (Corroboration.FOCUS_STILL_PICTURE_BLURRED,)
    assert fuse(HOME, near, SAME, Move(), WELL) == ()


@given(st.sampled_from(ViewVerdict), st.floats(-40.0, 40.0), st.floats(0.5, 2.0))
def test_a_camera_that_reports_nothing_is_no_witness(verdict: ViewVerdict, pan: float, zoom: float):
    move = Move(pan, zoom=zoom)
    assert fuse(SensorState(), SensorState(), verdict, move, BLURRED) == ()
    assert fuse(HOME, SensorState(), verdict, move, BLURRED) == ()


class Watch:
    """Checks once a second."""

    def __init__(self) -> None:
        self.at_s, self.state = 0.0, Corroborated()

    def see(self, sensor: SensorState, verdict: ViewVerdict, seconds: float = 1.0) -> Corroborated:
        for _ in range(int(seconds)):
            self.at_s += 1.0
            self.state = step(self.state, sensor, verdict, Move(2.0), WELL, self.at_s)
        return self.state


def test_home_is_what_was_said_when_the_view_was_first_the_same_and_stays_so():
    watch = Watch()
    assert watch.see(now(pan=0.3), UNSEEN, 5).home == SensorState()
    assert watch.see(HOME, SAME).home == HOME
    state = watch.see(now(pan=0.3), SAME, LASTING_S + 1)
    assert state.home == HOME
    assert state.words == state.disagreements == (Corroboration.MOUNT_TURNED_PICTURE_SAME,)


def test_a_mount_under_way_is_no_home():
    watch = Watch()
    assert watch.see(now(moving=True), SAME).home.ptz is None
    assert watch.see(now(), SAME).home.ptz == now().ptz


def test_a_word_counts_once_it_lasts_and_is_taken_back_as_slowly():
    watch, still = Watch(), (Corroboration.MOUNT_STILL_PICTURE_MOVED,)
    watch.see(now(), SAME)
    assert watch.see(now(), MOVED, LASTING_S).words == ()
    assert watch.see(now(), MOVED).words == still
    assert watch.see(now(), SAME, LASTING_S).words == still
    assert watch.see(now(), SAME).words == ()


def test_a_mount_whose_status_comes_late_is_never_called_a_liar():
    watch = Watch()
    watch.see(now(), SAME)
    assert watch.see(now(), MOVED, 10).words == ()
    assert watch.see(now(pan=0.3), MOVED, LASTING_S).words == ()
    assert watch.see(now(pan=0.3), MOVED).words == (Corroboration.TURNED_BY_MOUNT,)


def test_what_the_picture_could_not_see_contradicts_nothing():
    unseen = {Corroboration.TILTED_UNSEEN, Corroboration.TURNED_UNSEEN}
    assert not unseen & DISAGREEMENTS
