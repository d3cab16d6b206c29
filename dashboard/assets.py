"""The page's files, held in memory by the address they are served under.

Whatever is not in this table cannot be served: no request ever becomes a path on disk.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
ENTRY = "/app.js"
_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?["](\.{1,2}/[^"]+)["];', re.MULTILINE)
MIME_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One answer: what it is, its bytes plain and gzipped, and a validator for caches."""

    mime_type: str
    plain: bytes
    gzipped: bytes
    etag: str


def asset(mime_type: str, content: bytes) -> Asset:
    """An answer made of ``content``."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Asset(mime_type, content, gzip.compress(content, 6, mtime=0), etag)


def load_assets(folder: Path = STATIC) -> Mapping[str, Asset]:
    """Every file of a known type under ``folder``, by URL path; ``/`` is ``index.html``."""
    table: dict[str, Asset] = {}
    for path in sorted(folder.rglob("*")):
        mime_type = MIME_TYPES.get(path.suffix)
        if mime_type is not None and path.is_file():
            found = asset(mime_type, path.read_bytes())
            table[f"/{path.relative_to(folder).as_posix()}"] = found
    page = table["/index.html"]
    links = "".join(
        f'    <link rel="modulepreload" href="{path[1:]}">\n' for path in modules(folder, ENTRY)
    )
    content = page.plain.replace(b"  </head>", links.encode("ascii") + b"  </head>", 1)
    table["/"] = table["/index.html"] = asset(page.mime_type, content)
    return table


def modules(folder: Path, entry: str) -> tuple[str, ...]:
    """Every module that ``entry`` imports as the page starts, by URL path, itself aside.

    Named in the page's head, they are all asked for at once and not level by level. What is
    imported later, when somebody opens a part of the page, is not among them.
    """
    found: dict[str, None] = {}
    waiting = [entry]
    while waiting:
        path = waiting.pop(0)
        text = (folder / path.lstrip("/")).read_text(encoding="utf-8")
        for name in _IMPORT.findall(text):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if target not in found and target != entry:
                found[target] = None
                waiting.append(target)
    return tuple(found)
