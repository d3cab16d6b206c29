"""Virtual views cut out of a fixed camera's frames: their truth is exact."""

import numpy as np
import pytest
from PIL import Image

cv2 = pytest.importorskip("cv2")

from tests.bench.view_fixed import CUT, FixedCamera, is_fixed_camera  # noqa: E402
from viewkeeper.agent.core.view.geometry import homography  # noqa: E402
from viewkeeper.protocol.errors import SetupError  # noqa: E402

SIZE = (320, 240)


def save(path, width=640, height=480, gain=1.0):
    y, x = np.mgrid[:height, :width]
    waves = 128 + 60 * np.sin(x / 17.0 + 2 * np.sin(y / 31.0)) * np.cos(y / 13.0)
    Image.fromarray((waves * gain).clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "08.png")
    save(tmp_path / "12.png", gain=1.1)
    save(tmp_path / "23.png", gain=0.4)
    return tmp_path


def test_the_stated_move_carries_one_view_onto_the_other(folder):
    camera = FixedCamera(folder)
    pairs = [pair for pair in camera.pairs(4, 7, SIZE) if pair.nuisance == "same hour"]
    assert len(pairs) == 4
    for pair in pairs:
        carried = cv2.warpPerspective(
            pair.present.luma, homography(CUT, SIZE, pair.truth), SIZE, flags=cv2.INTER_CUBIC
        )
        both = carried[20:-20, 20:-20] > 0
        before = pair.registered.luma[20:-20, 20:-20][both].astype(float)
        after = carried[20:-20, 20:-20][both].astype(float)
        assert both.mean() > 0.3
        assert np.median(np.abs(before - after)) < 3.0


def test_hours_are_told_apart_by_their_light(folder):
    labels = [pair.nuisance for pair in FixedCamera(folder).pairs(2, 7, SIZE)]
    assert labels == ["same hour"] * 2 + ["another hour"] * 2 + ["day and night"] * 2


def test_a_small_move_is_as_large_as_said(folder):
    told = list(FixedCamera(folder).small(1, 7, SIZE))
    assert [size for size, _ in told] == [0.0, 0.0, 1.0, 0.5]
    for size, pair in told:
        assert pair.truth.turn_deg() == pytest.approx(size, abs=1e-3)


def test_small_frames_are_cut_to_small_views_only(folder, tmp_path):
    assert FixedCamera(folder).sizes == (SIZE,)
    for path in folder.iterdir():
        save(path, 1280, 960)
    assert FixedCamera(folder).sizes == ((640, 480), SIZE)


def test_panoramas_are_not_taken_for_frames(folder, tmp_path):
    assert is_fixed_camera(folder)
    for path in folder.iterdir():
        save(path, 800, 400)
    assert not is_fixed_camera(folder)


@pytest.mark.parametrize("fault", ["missing", "empty", "sizes", "one", "small"])
def test_a_folder_that_does_not_serve_is_refused_with_the_cure(folder, tmp_path, fault):
    paths = sorted(folder.iterdir())
    if fault == "sizes":
        save(paths[0], 800, 600)
    for path in paths:
        if fault == "small":
            save(path, 320, 240)
        elif fault == "empty" or (fault == "one" and path is not paths[0]):
            path.unlink()
    where = tmp_path / "nowhere" if fault == "missing" else folder
    with pytest.raises(SetupError) as caught:
        assert is_fixed_camera(where) and FixedCamera(where)  # noqa: PT018
    assert str(where) in caught.value.hint
