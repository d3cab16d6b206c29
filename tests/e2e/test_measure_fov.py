"""``viewkeeper-agent measure-fov`` as an installer runs it, on pictures of a turned camera."""

import numpy as np
import pytest
from PIL import Image

from tests.e2e.test_check_command import agent
from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.pinhole import Lens
from viewkeeper.sim.camera.virtual import VirtualCamera

pytestmark = pytest.mark.e2e
HFOV_DEG = 74.0


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    camera = VirtualCamera(street_scene(1), lens=Lens(HFOV_DEG), size=(480, 360), seed=3)
    for number, pan in enumerate((0, 9, 18, 27, 16, 5, -6)):
        camera.pose = camera.registered.moved(pan_deg=pan, tilt_deg=1.5 * np.sin(2.0 * number))
        picture, _ = camera.picture(number)
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


def test_the_field_of_view_is_printed_as_a_settings_file_wants_it(sweep):
    done = agent("measure-fov", sweep)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("hfov_deg")]
    assert float(line.partition("=")[2]) == pytest.approx(HFOV_DEG, abs=1.0)


def test_pictures_of_a_camera_that_stood_still_are_refused_in_one_line(sweep, tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes((sweep / "0.png").read_bytes())
    done = agent("measure-fov", tmp_path)
    assert done.returncode == 2
    assert "not_turned" in done.stderr
    assert "turn it by a third" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
