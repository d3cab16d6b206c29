import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewkeeper.agent.core.frame import PtzPosition, SensorState
from viewkeeper.agent.core.view.fusion import Fusion, Witness, fuse
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.protocol.vocabulary import ViewVerdict

SAME, MOVED = ViewVerdict.SAME, ViewVerdict.MOVED
HOME = SensorState(crop_share=1.0, ptz=PtzPosition(0.1, 0.2, 0.0, moving=False))


def now(crop: float = 1.0, pan: float = 0.1, *, moving: bool = False, tampered: bool | None = None):
    ptz = PtzPosition(pan, 0.2, 0.0, moving=moving)
    return SensorState(crop_share=crop, ptz=ptz, tampered=tampered)


@pytest.mark.parametrize(
    ("state", "verdict", "move", "agree", "disagree"),
    [
        (now(), SAME, Move(), (), ()),
        (now(0.8), SAME, Move(), (), (Witness.ZOOM_CHANGED_PICTURE_SAME,)),
        (now(pan=0.3), SAME, Move(), (), (Witness.PTZ_MOVED_PICTURE_SAME,)),
        (now(pan=0.3), MOVED, Move(20.0), (Witness.TURNED_BY_MOUNT,), ()),
        (now(), MOVED, Move(2.0), (), (Witness.PTZ_STILL_PICTURE_MOVED,)),
        (now(tampered=True), SAME, Move(), (), (Witness.TAMPER_PICTURE_SAME,)),
        (now(pan=0.3, moving=True), MOVED, Move(2.0), (), ()),
        (
            now(pan=0.3, tampered=True),
            MOVED,
            Move(9.0),
            (Witness.TURNED_BY_MOUNT, Witness.TAMPER_AGREES),
            (),
        ),
    ],
)
def test_each_agreement_and_disagreement_has_its_name(
    state: SensorState, verdict: ViewVerdict, move: Move, agree: tuple, disagree: tuple
):
    assert fuse(HOME, state, verdict, move) == Fusion(agree, disagree)


def test_half_the_sensor_is_twice_the_zoom_and_not_half():
    home, half = SensorState(crop_share=1.0), SensorState(crop_share=0.5)
    assert fuse(home, half, MOVED, Move(zoom=2.0)).agree == (Witness.ZOOMED_BY_CAMERA,)
    assert fuse(home, half, MOVED, Move(zoom=0.5)).disagree == (Witness.ZOOM_DIFFERS,)
    assert fuse(half, home, MOVED, Move(zoom=0.5)).agree == (Witness.ZOOMED_BY_CAMERA,)


@given(st.sampled_from(ViewVerdict), st.floats(-40.0, 40.0), st.floats(0.5, 2.0))
def test_a_camera_that_reports_nothing_is_no_witness(verdict: ViewVerdict, pan: float, zoom: float):
    move = Move(pan, zoom=zoom)
    assert fuse(SensorState(), SensorState(), verdict, move) == Fusion()
    assert fuse(HOME, SensorState(), verdict, move) == Fusion()


def test_a_picture_that_cannot_tell_is_neither_confirmed_nor_denied():
    assert fuse(HOME, now(0.5, 0.9, tampered=True), ViewVerdict.CANNOT_TELL, Move()) == Fusion()
