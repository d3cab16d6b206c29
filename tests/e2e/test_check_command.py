"""``viewkeeper-agent check`` as a user runs it: pictures, a folder, a video, and mistakes."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from viewkeeper.sim.camera.panorama import street_scene
from viewkeeper.sim.camera.virtual import VirtualCamera

pytestmark = pytest.mark.e2e


def agent(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "viewkeeper.agent.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    camera = VirtualCamera(street_scene(1), size=(480, 360), seed=3)

    def shoot(name, at_s):
        picture, _ = camera.picture(at_s)
        Image.fromarray(picture).save(folder / name, quality=92)

    shoot("registered.jpg", 0.0)
    (folder / "walk").mkdir()
    for number in range(4):
        shoot(f"walk/{number}.png", 1.0 + number)
    camera.pose = camera.registered.moved(pan_deg=2.0, tilt_deg=-1.0, roll_deg=1.5)
    for number in range(4, 12):
        shoot(f"walk/{number:02}.png", 10.0 + number)
    shoot("moved.jpg", 30.0)
    Image.fromarray(np.full((360, 480), 90, np.uint8)).save(folder / "blank.png")
    return folder


def test_a_moved_picture_is_measured_in_degrees_with_signs(pictures):
    done = agent(
        "check", pictures / "moved.jpg", "--against", pictures / "registered.jpg", "--json"
    )
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] == "moved"
    assert found["pan_deg"] == pytest.approx(2.0, abs=0.1)
    assert found["tilt_deg"] == pytest.approx(-1.0, abs=0.1)
    assert found["roll_deg"] == pytest.approx(1.5, abs=0.15)
    assert found["zoom"] == pytest.approx(1.0, abs=0.005)
    assert 0 < found["pan_error_deg"] < 0.1


def test_the_same_picture_is_the_same(pictures):
    done = agent("check", pictures / "registered.jpg", "--against", pictures / "registered.jpg")
    assert done.returncode == 0
    assert "same; pan" in done.stdout
    assert "--hfov" in done.stdout  # says that the field of view was assumed


def test_a_blank_picture_cannot_be_told_and_says_why(pictures):
    done = agent(
        "check", pictures / "blank.png", "--against", pictures / "registered.jpg", "--json"
    )
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert found["verdict"] == "cannot_tell"
    assert found["cause"]
    assert found["pan_deg"] is None


def test_a_folder_is_judged_frame_by_frame_and_together(pictures):
    done = agent(
        "check", pictures / "walk", "--against", pictures / "registered.jpg", "--hfov", "60"
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 13
    assert "12 frames together: moved" in lines[-1]
    assert done.returncode == 1


def test_a_video_is_judged_by_its_frames(pictures, tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "walk.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 480, 360, "yuv420p"
        stream.bit_rate = 4_000_000
        for file in sorted((pictures / "walk").glob("[0-3].png")):
            picture = np.asarray(Image.open(file).convert("RGB"))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    done = agent("check", path, "--against", pictures / "registered.jpg", "--hfov", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 frames together: same" in done.stdout


def test_the_plot_is_a_picture(pictures, tmp_path):
    plot = tmp_path / "found.png"
    agent("check", pictures / "moved.jpg", "--against", pictures / "registered.jpg", "--plot", plot)
    with Image.open(plot) as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(2**20)}
    assert (70, 130, 240) in colours  # the registered outline
    assert (245, 170, 40) in colours  # the present one
    assert (60, 190, 90) in colours  # tiles that agree


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["check", "nowhere.jpg", "--against", "{registered}"], "nowhere.jpg"),
        (["check", "{registered}", "--against", "nowhere.jpg"], "nowhere.jpg"),
        (["check", "{registered}", "--against", "{blank}"], "no_texture"),
        (["check", "{registered}", "--against", "{registered}", "--hfov", "2"], "--hfov"),
        (
            ["check", "{registered}", "--against", "{registered}", "--plot", "/no/x.png"],
            "/no/x.png",
        ),
        (["check", "{registered}"], "--against"),
        (["run", "--config", "nowhere.toml"], "nowhere.toml"),
        (["key", "--config", "nowhere.toml"], "nowhere.toml"),
        (["chekc"], "chekc"),
        ([], "COMMAND"),
    ],
)
def test_a_mistake_gives_one_line_that_names_it(pictures, arguments, named):
    words = [
        word.format(registered=pictures / "registered.jpg", blank=pictures / "blank.png")
        for word in arguments
    ]
    done = agent(*words)
    assert done.returncode == 2
    assert named in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["", "check", "run", "register", "enrol", "key", "export"])
def test_help_is_there(command):
    done = agent(*([command] if command else []), "--help")
    assert done.returncode == 0
    assert len(done.stdout) > 200
