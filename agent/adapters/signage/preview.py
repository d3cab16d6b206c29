"""A sign without a panel: as a PNG, and as a plan that others can draw from.

The plan is for whoever shows signs without the font at hand (a web page, an inspection report):
texts with the boxes their ink fills, and the QR code row by row. What is shown on the panel, in
the PNG and in the plan comes from one layout.
"""

from __future__ import annotations

import io
from typing import Any

from viewkeeper.agent.adapters.signage import face
from viewkeeper.agent.adapters.signage.face import Notice

PLAN_VERSION = 1


def preview_png(notice: Notice, size: tuple[int, int], font: str = "") -> bytes:
    """The sign as a panel of ``size`` (width, height) pixels would show it, as a PNG.

    Raises:
        SetupError: a library or font is missing, the font lacks a character, or it cannot fit.
    """
    with io.BytesIO() as buffer:
        face.draw(notice, size, font).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


def plan(notice: Notice, size: tuple[int, int], font: str = "") -> dict[str, Any]:
    """The same sign as plain JSON values.

    ``lines``: text, font size in pixels, the ink's box (left, top, right, bottom), whether white
    on black. ``header``: height of the black band. ``qr``: left, top, pixels a module, and
    ``rows`` of ``1`` (dark) and ``0``, quiet border included; ``None`` without an address.

    Raises:
        SetupError: as `preview_png`.
    """
    code = face.code_of(notice.url)
    layout = face.lay_out(notice, size, face.Face(font), None if code is None else len(code))
    qr = None
    if layout.qr is not None and code is not None:
        left, top, module = layout.qr
        rows = ["".join("1" if dark else "0" for dark in row) for row in code]
        qr = {"left": left, "top": top, "module": module, "rows": rows}
    return {
        "version": PLAN_VERSION,
        "width": size[0],
        "height": size[1],
        "header": face.header_px(size),
        "lines": [
            {
                "text": line.text,
                "font_px": line.font_px,
                "box": list(line.box),
                "inverted": line.inverted,
            }
            for line in layout.lines
        ],
        "qr": qr,
    }
