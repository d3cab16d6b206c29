"""The sign as a picture: whatever the text, nothing leaves its place."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from PIL import Image

from viewkeeper.agent.adapters.signage import face
from viewkeeper.agent.adapters.signage.plans import plans
from viewkeeper.agent.cli import main
from viewkeeper.protocol.errors import SetupError

TEXT = st.text(
    "合肥市公安局示范支队维护公共安全 abcdefgijklmnopqyz-WQM0123()·", min_size=1, max_size=60
)
FACE = face.Face("")


@settings(max_examples=25)
@given(
    operator=TEXT,
    purpose=TEXT,
    days=st.integers(0, 3650),
    size=st.sampled_from([(250, 122), (296, 128), (400, 300), (800, 480), (128, 296), (176, 264)]),
    linked=st.booleans(),
)
def test_no_text_ever_overflows_or_meets_the_code(operator, purpose, days, size, linked):
    url = "https://example.org/n" if linked else ""
    notice = face.Notice(operator, purpose, "+86 551-0000-0000", days, url)
    modules = len(face.code_of(url)) if linked else None
    try:
        plan = face.lay_out(notice, size, FACE, modules)
    except SetupError as error:
        event("does not fit")
        if "larger panel" not in error.hint:
            raise
        return
    boxes = [line.box for line in plan.lines]
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
    for above, below in itertools.pairwise(boxes):
        assert above[3] <= below[1]
    head = face.header_px(size)
    assert all(box[3] <= head for box in boxes[:2])
    assert all(box[1] >= head for box in boxes[2:])
    if plan.qr is not None:
        left, top, module = plan.qr
        assert left + modules * module <= size[0]
        assert top >= head
        assert top + modules * module <= size[1]
        assert all(box[2] <= left for box in boxes[2:])
    assert all(line.font_px >= face.LEAST_FONT_PX for line in plan.lines)
    said = "".join("".join(line.text.split()) for line in plan.lines)
    assert "".join(operator.split()) in said  # nothing is dropped either
    # And what is really drawn keeps to the boxes.
    ink = np.asarray(face.draw(notice, size)).copy()
    drawn = np.zeros(ink.shape, bool)
    for line in plan.lines:
        left, top, right, bottom = line.box
        drawn[top:bottom, left:right] = True
    if plan.qr is not None:
        drawn[top_of(plan) :, plan.qr[0] :] = True
    ink[:head] = ~ink[:head]
    assert not (~ink & ~drawn).any()


def top_of(plan):
    return plan.qr[1]


def test_the_code_can_be_read_and_says_the_address():
    cv2 = pytest.importorskip("cv2")
    url = "https://example.org/notice/cam-0001"
    notice = face.Notice("合肥市公安局示范支队", "维护公共安全", "0551-0000-0000", 30, url)
    for size in ((250, 122), (400, 300), (800, 480)):
        picture = np.asarray(face.draw(notice, size).convert("L"))
        large = np.kron(picture, np.ones((3, 3), np.uint8))
        said, *_ = cv2.QRCodeDetector().detectAndDecode(large)
        assert said == url


def test_a_font_without_chinese_is_refused_by_the_character_it_lacks():
    dejavu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
    latin = face.Face(dejavu) if face.Path(dejavu).exists() else pytest.skip("no DejaVu here")
    with pytest.raises(SetupError, match="has no"):
        latin.ink("公", 20)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"size": "60x40"}, "96 × 64"),
        ({"size": "big"}, "--size"),
        ({"size": "128x64"}, "larger panel"),
        ({"url": "https://example.org/" + "x" * 200}, "notice_url"),
        ({"font": "/no/font.ttf"}, "/no/font.ttf"),
        ({"font": "/etc/passwd"}, "TrueType"),
        ({"out": "/no/where.png"}, "/no/where.png"),
        ({"operator": ""}, "--operator must be 1 to 60 characters"),
        ({"purpose": "警" * 61}, "--purpose must be 1 to 60"),
        ({"phone": "call us"}, "--phone"),
        ({"days": "-3"}, "--days"),
    ],
)
def test_the_preview_command_writes_a_picture_or_names_the_cure(tmp_path, capsys, changes, named):
    given_ = {
        "operator": "合肥市公安局示范支队", "purpose": "维护公共安全", "phone": "0551-0000-0000",
        "size": "400x300", "out": str(tmp_path / "sign.png"),
    }  # fmt: skip

    def run(words):
        return main(["sign", "preview", *(w for k, v in words.items() for w in (f"--{k}", v))])

    assert run(given_) == 0
    assert (tmp_path / "sign.png").read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    assert run({**given_, **changes}) == 2
    assert named in capsys.readouterr().err


def test_the_plan_draws_what_the_picture_shows(tmp_path):
    arguments = [
        "sign", "preview", "--operator", "合肥市公安局", "--purpose", "维护公共安全",
        "--phone", "0551-1", "--url", "https://example.org/n", "--size", "400x300",
    ]  # fmt: skip
    picture, planned = tmp_path / "sign.png", tmp_path / "sign.json"
    assert main([*arguments, "--out", str(picture)]) == 0
    assert main([*arguments, "--out", str(planned)]) == 0
    with Image.open(picture) as opened:
        ink = ~np.asarray(opened.convert("1"))
    plan = json.loads(planned.read_text(encoding="utf-8"))
    assert (plan["width"], plan["height"]) == (400, 300) == ink.shape[::-1]
    qr = plan["qr"]
    module = qr["module"]
    code = np.array([[bit == "1" for bit in row] for row in qr["rows"]])
    drawn = ink[
        qr["top"] : qr["top"] + module * len(code), qr["left"] : qr["left"] + module * len(code)
    ]
    assert (drawn == np.kron(code, np.ones((module, module), bool))).all()
    for line in plan["lines"]:
        left, top, right, bottom = line["box"]
        inside = ink[top:bottom, left:right]
        assert (~inside if line["inverted"] else inside).any(axis=1).sum() > 1
    assert "合肥市公安局" in "".join(line["text"] for line in plan["lines"])


def test_a_preview_of_another_kind_is_refused_with_the_cure(tmp_path, capsys):
    assert main([
        "sign", "preview", "--operator", "a", "--purpose", "b", "--phone", "c",
        "--out", str(tmp_path / "sign.gif"),
    ]) != 0  # fmt: skip
    assert "--out must end in .png or .json" in capsys.readouterr().err


def test_the_plans_kept_for_others_are_what_this_code_draws():
    kept = Path("protocol/vectors/sign_plans.json").read_text(encoding="utf-8")
    assert json.loads(kept) == plans()
