"""``viewkeeper-sim`` as a person types it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from viewkeeper.sim import cli
from viewkeeper.sim.camera import rgbe
from viewkeeper.sim.stage import Stage, StageHand, read_stage


@pytest.fixture
def panorama(tmp_path) -> str:
    rng = np.random.default_rng(4)
    pixels = np.kron(rng.uniform(0.02, 1, (32, 64, 3)), np.ones((4, 4, 1))).astype(np.float32)
    path = tmp_path / "noise.hdr"
    path.write_bytes(rgbe.encode(pixels))
    return str(path)


def test_a_picture_is_rendered_and_its_truth_printed(tmp_path, panorama, capsys):
    out = tmp_path / "a.png"
    words = f"render {out} --panorama {panorama} --size 96x64 --pan 3 --zoom 1.2 --json"
    assert cli.main([*words.split(), "--with", "fog=0.25", "--with", "frozen"]) == 0
    truth = json.loads(capsys.readouterr().out)
    assert truth["move"] == {"pan_deg": 3.0, "tilt_deg": 0.0, "roll_deg": 0.0, "zoom": 1.2}
    assert truth["conditions"] == {"fog": 0.25, "frozen": True}
    assert truth["sign"] is None
    with Image.open(out) as picture:
        assert picture.size == (96, 64)


def test_a_folder_of_frames_moves_at_the_frame_it_was_told(tmp_path, panorama, capsys):
    out = tmp_path / "walk"
    words = f"frames {out} --panorama {panorama} --size 64x48 --count 4 --pan 2 --move-at 2"
    assert cli.main([*words.split(), "--format", "jpg", "--strike-at", "1"]) == 0
    lines = [json.loads(line) for line in (out / "truth.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == [f"0000{k}.jpg" for k in range(4)]
    assert [line["shaking"] for line in lines] == [False, True, True, True]
    assert lines[0]["move"]["pan_deg"] == 0.0
    assert lines[3]["move"]["pan_deg"] == pytest.approx(2, abs=1)
    assert "4 of 4 frames" in capsys.readouterr().err


def test_quiet_frames_print_nothing_but_the_folder(tmp_path, panorama, capsys):
    out = tmp_path / "walk"
    words = f"frames {out} --panorama {panorama} --size 64x48 --count 2 --quiet"
    assert cli.main(words.split()) == 0
    captured = capsys.readouterr()
    assert (captured.out.strip(), captured.err) == (str(out), "")


def test_a_stage_is_changed_from_the_command_line(tmp_path, capsys):
    path = tmp_path / "cam.json"
    words = "--new --knock 3 0 0 --with covered=0.9 --lamp dark --board obscured --signal off"
    assert cli.main(["stage", str(path), *words.split()]) == 0
    printed = Stage.from_json(capsys.readouterr().out)
    assert printed == read_stage(path)
    assert (printed.pan_deg, printed.strikes, printed.signal) == (3.0, 1, False)
    assert cli.main(["stage", str(path), "--straighten", "--clear", "--lamp", "none"]) == 0
    after = read_stage(path)
    assert (after.pan_deg, after.conditions.covered, after.sign.burns) == (0.0, 0.0, True)
    assert cli.main(["stage", str(path), "--lamp-off", "--strike", "--zoom", "1.1"]) == 0
    assert (read_stage(path).sign.lamp_on, read_stage(path).strikes) == (False, 2)


def test_a_look_at_a_stage_leaves_it_alone(tmp_path, capsys):
    path = tmp_path / "cam.json"
    StageHand(path, Stage(pan_deg=1.5))
    before = path.read_bytes()
    assert cli.main(["stage", str(path)]) == 0
    assert path.read_bytes() == before
    assert Stage.from_json(capsys.readouterr().out).pan_deg == 1.5


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("render {dir}/a.gif", "picture_format"),
        ("render {dir}/a.png --panorama {dir}/none.hdr", "panorama_unreadable"),
        ("render {dir}/a.png --panorama {noise} --with fog=9", "condition_range"),
        ("render {dir}/a.png --panorama {noise} --with fog=thick", "condition_value"),
        ("render {dir}/a.png --panorama {noise} --with snow=1", "condition_unknown"),
        ("render {dir}/a.png --panorama {noise} --zoom 0", "stage_range"),
        ("render {dir}/a.png --panorama {noise} --size 4x4", "stage_range"),
        ("render {dir}/no/a.png --panorama {noise}", "picture_unwritable"),
        ("frames {noise} --panorama {noise}", "folder_unwritable"),
        ("frames {dir}/f --panorama {noise} --count 0", "frame_count"),
        ("frames {dir}/f --panorama {noise} --fps 0", "frame_rate"),
        ("stage {dir}/none.json", "stage_unreadable"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, panorama, capsys, words, reason):
    assert cli.main(words.format(dir=tmp_path, noise=panorama).split()) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("viewkeeper-sim: error: ")
    assert f"[{reason}]" in error


@pytest.mark.parametrize(
    "words",
    [
        "",
        "fly",
        "render",
        "render a.png --size big",
        "render a.png --pan nan",
        "render a.png --sign x",
    ],
)
def test_words_that_are_no_command_are_one_line_too(capsys, words):
    with pytest.raises(SystemExit) as caught:
        cli.main(words.split())
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--help" in error


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_every_command_explains_itself(capsys, command):
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--help"])
    assert caught.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 5
