import numpy as np
import pytest

from viewkeeper.agent.core import assessment
from viewkeeper.agent.core.view.estimate import Tile, estimate
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.guard import HIDDEN_S
from viewkeeper.agent.core.view.obstruction import hidden_share
from viewkeeper.agent.core.view.registered import RegisteredView, register
from viewkeeper.agent.core.view.verdict import Tolerance
from viewkeeper.protocol.vocabulary import ViewVerdict

from .scenery import LENS, frame, picture


@pytest.fixture(scope="module")
def view() -> RegisteredView:
    return register([frame(picture(noise_seed=seed)) for seed in (1, 2, 3)], LENS)


def tiles(dead: set[tuple[int, int]], alive: float = 0.8) -> list[Tile]:
    return [
        Tile(x, y, x + 1, y + 1, (x, y) not in dead, True, 0.0 if (x, y) in dead else alive)
        for y in range(9)
        for x in range(12)
    ]


def behind_a_lorry(noise_seed: int, move: Move | None = None) -> np.ndarray:
    luma = picture(move, noise_seed=noise_seed)
    luma[40:190, 20:150] = np.linspace(70, 150, 150, dtype=np.uint8)[:, None]
    return luma


def test_only_one_connected_patch_counts():
    patch = {(x, y) for x in range(4) for y in range(3)}
    scattered = {(x, y) for x in range(0, 12, 2) for y in range(0, 9, 2)}
    assert hidden_share(tiles(patch)) == pytest.approx(12 / 108)
    assert hidden_share(tiles(scattered)) == pytest.approx(1 / 108)
    assert hidden_share(tiles(set())) == 0.0


def test_a_poor_picture_does_not_tell_what_is_hidden():
    assert hidden_share(tiles({(0, 0), (1, 0)}, alive=0.3)) is None
    assert hidden_share([]) is None


def test_a_lorry_hides_the_share_that_it_covers(view: RegisteredView):
    found = estimate(view, frame(behind_a_lorry(5)))
    covered = 130 * 150 / (320 * 200)
    assert hidden_share(found.tiles) == pytest.approx(covered, abs=0.12)
    assert hidden_share(estimate(view, frame(picture(noise_seed=5))).tiles) == 0.0


def live(view: RegisteredView, parts: list[tuple[int, bool, Move | None]]) -> list[ViewVerdict]:
    """Verdict at the end of each part: (frames a minute apart, lorry, move)."""
    state, at_s = assessment.start(0.0), 0.0
    said: list[ViewVerdict] = []
    for count, hidden, move in parts:
        verdict = ViewVerdict.CANNOT_TELL
        for _ in range(count):
            at_s += 60.0
            seed = int(at_s)
            luma = behind_a_lorry(seed, move) if hidden else picture(move, noise_seed=seed)
            state, check = assessment.check(state, view, frame(luma, at_s), Tolerance(), at_s)
            verdict = check.verdict
        said.append(verdict)
    return said


def test_a_lorry_that_stays_obstructs_and_one_that_leaves_does_not(view: RegisteredView):
    long = int(HIDDEN_S / 60) + 6
    assert (
        live(view, [(6, False, None), (8, True, None), (8, False, None)]) == [ViewVerdict.SAME] * 3
    )
    assert live(view, [(6, False, None), (long, True, None), (12, False, None)]) == [
        ViewVerdict.SAME,
        ViewVerdict.OBSTRUCTED,
        ViewVerdict.SAME,
    ]


def test_an_obstructed_camera_that_is_knocked_has_moved(view: RegisteredView):
    long = int(HIDDEN_S / 60) + 6
    assert live(view, [(long, True, None), (12, True, Move(pan_deg=3.0))]) == [
        ViewVerdict.OBSTRUCTED,
        ViewVerdict.MOVED,
    ]
