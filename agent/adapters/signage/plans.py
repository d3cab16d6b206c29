"""The sign's plans on usual panels, as a vector for whoever draws signs elsewhere (a web page, a
report): ``python -m viewkeeper.agent.adapters.signage.plans`` prints them. Texts are invented.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from viewkeeper.agent.adapters.signage.face import Notice
from viewkeeper.agent.adapters.signage.preview import plan

NOTICES = (
    Notice(
        "合肥市公安局示范支队", "维护公共安全", "0551-0000-0000", 30,
        "https://example.org/notice/cam-0001",
    ),
    Notice("示范街道办事处 Demo Street Office", "防盗 Prevent theft", "+86 551 0000 0000", 90),
    Notice("示范站", "安全", "110", 0, "https://example.org/n"),
)  # fmt: skip
SIZES = ((800, 480), (400, 300), (296, 128), (250, 122))


def plans() -> list[dict[str, Any]]:
    """Every notice on every panel.

    Raises:
        SetupError: a library or font is missing.
    """
    return [
        {"notice": dataclasses.asdict(notice), "plan": plan(notice, size)}
        for notice in NOTICES
        for size in SIZES
    ]


if __name__ == "__main__":
    print(json.dumps(plans(), ensure_ascii=False, indent=1))
