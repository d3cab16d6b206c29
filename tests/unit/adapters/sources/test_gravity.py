"""An accelerometer as the kernel shows it: a folder of small text files."""

import numpy as np
import pytest

from viewkeeper.agent.adapters.sources.gravity import Accelerometer, FeltSource, axes_of
from viewkeeper.agent.core.frame import Frame, SensorState
from viewkeeper.protocol.errors import SetupError


def chip(folder, x=0, y=0, z=16384, scale="0.000598550415"):
    """A chip that lies flat feels the table push it up along z; the scale is that of 2 g."""
    for name, value in (("x", x), ("y", y), ("z", z)):
        (folder / f"in_accel_{name}_raw").write_text(f"{value}\n")
    (folder / "in_accel_scale").write_text(f"{scale}\n")
    return folder


def test_down_is_the_other_way_from_what_holds_it_up(tmp_path):
    x, y, z = Accelerometer(chip(tmp_path)).gravity()
    assert (x, y) == (0.0, 0.0)
    assert z == pytest.approx(-9.80665, abs=0.001)


def test_axes_turn_the_chip_into_the_camera(tmp_path):
    # The chip's z axis points up in the camera, its y axis to where the camera looks.
    upright = Accelerometer(chip(tmp_path), "x,-z,y")
    assert upright.gravity() == pytest.approx((0.0, 9.80665, 0.0), abs=0.001)


def test_a_scale_of_its_own_goes_before_the_common_one(tmp_path):
    chip(tmp_path)
    (tmp_path / "in_accel_z_scale").write_text("0.001")
    assert Accelerometer(tmp_path).gravity()[2] == pytest.approx(-16.384)


@pytest.mark.parametrize("axes", ["x,y", "x,y,y", "a,b,c", "x,y,zz", "", "x;y;z"])
def test_axes_that_are_none_are_refused(axes):
    with pytest.raises(SetupError, match="once each"):
        axes_of(axes)


@pytest.mark.parametrize("axes", ["-x,y,z", "y,x,z", "-x,-y,-z", "x,z,y"])
def test_a_mirror_image_is_refused(axes):
    with pytest.raises(SetupError, match="mirror"):
        axes_of(axes)


@pytest.mark.parametrize("axes", ["x,y,z", "y,z,x", "-y,x,z", "-x,-y,z", "x,-z,y", "+x,+y,+z"])
def test_every_way_of_fixing_a_chip_is_a_rotation(axes):
    matrix = np.zeros((3, 3))
    for row, (name, sign) in enumerate(axes_of(axes)):
        matrix[row, "xyz".index(name)] = sign
    assert np.linalg.det(matrix) == pytest.approx(1.0)


def test_a_folder_without_a_chip_is_refused_with_the_cure(tmp_path):
    with pytest.raises(SetupError, match=r"no in_accel_x_raw; ls /sys/bus/iio"):
        Accelerometer(tmp_path)


class Still:
    """A source of one grey picture that knows its gain."""

    name = "still"

    def open(self):
        pass

    def read(self, timeout_s):
        return Frame(np.full((16, 16), 90, np.uint8), 1.0, sensor=SensorState(analogue_gain=2.0))

    def close(self):
        pass


def test_frames_carry_gravity_beside_what_they_carried_before(tmp_path):
    source = FeltSource(Still(), Accelerometer(chip(tmp_path), "x,-z,y"))
    sensor = source.read(1.0).sensor
    assert sensor.analogue_gain == 2.0
    assert sensor.gravity == pytest.approx((0.0, 9.80665, 0.0), abs=0.001)


def test_an_accelerometer_that_falls_silent_stops_no_frame_and_is_heard_again(tmp_path, caplog):
    source = FeltSource(Still(), Accelerometer(chip(tmp_path)))
    (tmp_path / "in_accel_z_raw").write_text("")
    assert source.read(1.0).sensor.gravity is None
    assert source.read(1.0).sensor.gravity is None
    assert len(caplog.records) == 1
    chip(tmp_path)
    assert source.read(1.0).sensor.gravity is not None
