"""``viewkeeper-agent sign``: draw a sign as a display would, and mark the board in a view."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from viewkeeper.agent.checking import load_view
from viewkeeper.agent.core.signage.printed import Region, template_digest, template_of
from viewkeeper.protocol.errors import ContentRefusal, Reason, SetupError
from viewkeeper.protocol.orders import Config, SignText

_LIMITS: dict[str, Any] = {
    spec.name: spec.metadata["kind"] for spec in (*fields(SignText), *fields(Config))
}
"""What a signed configuration takes: a sign that cannot be signed is not previewed."""


def add_to(commands: Any) -> None:
    """The command and its two verbs."""
    sign = commands.add_parser(
        "sign",
        help="preview the sign as a picture; mark the printed board in a registered view",
        description="Nothing here changes a camera: a sign's region counts once it is signed.",
    )
    verbs = sign.add_subparsers(title="verbs", metavar="VERB", required=True)
    preview = verbs.add_parser(
        "preview",
        help="draw the sign as a display would show it (.png, or its plan as .json)",
        description="Draws the sign, text as large as fits; an error where it cannot fit. A name "
        "that ends in .json gets the plan instead: texts, boxes and QR code to draw it elsewhere.",
    )
    preview.add_argument("--operator", required=True)
    preview.add_argument("--purpose", required=True)
    preview.add_argument("--phone", required=True)
    preview.add_argument("--days", type=int, default=30, help="footage is kept (default 30)")
    preview.add_argument("--url", default="", help="of the notice, for the QR code")
    preview.add_argument("--size", default="400x300", metavar="WxH", help="pixels of the panel")
    preview.add_argument("--font", default="", metavar="FILE", help="with Chinese characters")
    preview.add_argument("--out", type=Path, required=True, metavar="FILE.png|.json")
    preview.set_defaults(run=_preview)
    region = verbs.add_parser(
        "region",
        help="print the [sign_region] of a board in a registered view",
        description="Checks that the board can be recognised there and prints what to sign.",
    )
    region.add_argument("--view", type=Path, required=True, metavar="FILE.view")
    region.add_argument(
        "--box", required=True, metavar="L,T,R,B", help="shares of the picture, 0 to 1"
    )
    region.set_defaults(run=_region)


def _preview(arguments: argparse.Namespace, _adapters: object) -> int:
    from viewkeeper.agent.adapters.signage import preview  # draws; nothing else here does

    try:
        width, height = (int(part) for part in arguments.size.lower().split("x"))
    except ValueError:
        raise SetupError(
            Reason.SETTING, f"--size must be like 400x300, is {arguments.size!r}"
        ) from None
    if not (1 <= width <= 4096 and 1 <= height <= 4096):
        raise SetupError(Reason.SETTING, f"--size must be 1 to 4096 a side, is {arguments.size}")
    if arguments.out.suffix.lower() not in (".png", ".json"):
        raise SetupError(Reason.SETTING, f"--out must end in .png or .json: {arguments.out}")
    for name in ("operator", "purpose", "phone", "days"):
        limits = _LIMITS["retention_days" if name == "days" else name]
        try:
            limits.parse(getattr(arguments, name), f"--{name}")
        except ContentRefusal as refusal:
            raise SetupError(Reason.SETTING, refusal.hint) from None
    notice = preview.Notice(
        arguments.operator, arguments.purpose, arguments.phone, arguments.days, arguments.url
    )
    size = (width, height)
    if arguments.out.suffix.lower() == ".png":
        data = preview.preview_png(notice, size, arguments.font)
    else:
        drawn = preview.plan(notice, size, arguments.font)
        data = (json.dumps(drawn, ensure_ascii=False) + "\n").encode()
    try:
        arguments.out.write_bytes(data)
    except OSError as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{arguments.out}: {error.strerror}") from None
    print(f"{arguments.out}: {width} × {height}")
    return 0


def _region(arguments: argparse.Namespace, _adapters: object) -> int:
    try:
        left, top, right, bottom = (float(part) for part in arguments.box.split(","))
        region = Region(left, top, right, bottom)
    except ValueError as error:
        raise SetupError(Reason.SETTING, f"--box must be like 0.6,0.3,0.7,0.5: {error}") from None
    try:
        data = arguments.view.read_bytes()
    except OSError as error:
        raise SetupError(Reason.FILE_MISSING, f"{arguments.view}: {error.strerror}") from None
    view = load_view(data, str(arguments.view))
    # What travels is ten-thousandths; the template is of those.
    region = Region(*(round(side * 10_000) / 10_000 for side in (left, top, right, bottom)))
    template_of(view, region)
    print("[sign_region]")
    for name in ("left", "top", "right", "bottom"):
        print(f"{name} = {getattr(region, name):g}")
    print(f'template_hash = "{template_digest(view, region).hex()}"')
    return 0
