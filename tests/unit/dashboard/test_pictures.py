"""A picture's kind and size come from its head, whatever stands there."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from viewkeeper.dashboard.pictures import JPEG, PNG, Picture, look


def made(form: str, size: tuple[int, int], **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize(("form", "mime_type"), [("PNG", PNG), ("JPEG", JPEG)])
def test_kind_and_size_are_read_as_pillow_wrote_them(form: str, mime_type: str) -> None:
    assert look(made(form, (321, 123))) == Picture(mime_type, 321, 123)


def test_a_progressive_jpeg_with_notes_before_its_frame_is_read() -> None:
    content = made("JPEG", (65, 700), progressive=True, comment=b"x" * 3000)
    assert look(content) == Picture(JPEG, 65, 700)


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", made("GIF", (9, 9)), b"\xff\xd8\xff"],
)
def test_anything_else_is_no_picture(content: bytes) -> None:
    assert look(content) is None


@given(st.binary(max_size=200), st.sampled_from([made("PNG", (9, 9)), made("JPEG", (9, 9)), b""]))
def test_no_bytes_break_the_reading(tail: bytes, head: bytes) -> None:
    for cut in (0, 3, len(head) // 2):
        found = look(head[:cut] + tail)
        assert found is None or (found.width > 0 and found.height > 0)
