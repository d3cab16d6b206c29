"""Makes the vendored libraries again from npm packages of exact versions.

What esbuild bundles, it names itself: no package's code is in a file without its licence.

For maintainers only: the results are committed, so neither users nor tests need Node.
``python -m viewkeeper.dashboard.vendor`` writes them; ``--check`` makes them in a
temporary folder and compares. Versions stand in ``vendoring/package.json``, what npm
resolved them to (with integrity hashes) in ``vendoring/package-lock.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOM = Path(__file__).resolve().parent
VENDORING = ROOM / "vendoring"
VENDOR = ROOM / "static" / "vendor"
"""What the page is served with."""
TEST_VENDOR = ROOM.parent / "tests" / "browser" / "vendor"
"""What only the browser tests use."""
MANIFEST = "VENDOR.json"


@dataclass(frozen=True, slots=True)
class Library:
    """One vendored file: copied from a package, or bundled from an entry of ours.

    Attributes:
        file: its name there.
        entry: our entry module, where esbuild must bundle.
        options: of esbuild, for this one.
        package, shipped: the npm package and the path in it, where it ships one file.
    """

    file: str
    entry: str = ""
    options: tuple[str, ...] = ()
    package: str = ""
    shipped: str = ""


_INSTEAD = ("debug", "lru-cache", "readable-stream", "worker-timers")
"""Packages of mqtt.js that the page needs little or nothing of; why, each file says."""
LIBRARIES = (
    Library(
        "mqtt.js",
        entry="mqtt.entry.js",
        options=(
            "--inject:./mqtt/globals.js",
            "--alias:process=./mqtt/process",
            *(f"--alias:{name}=./mqtt/{name}.js" for name in _INSTEAD),
        ),
    ),
    Library("preact.js", entry="preact.entry.js"),
    Library("noble.js", entry="noble.entry.js"),
)
TEST_LIBRARIES = (Library("axe.js", package="axe-core", shipped="axe.min.js"),)
ROOMS = ((VENDOR, LIBRARIES), (TEST_VENDOR, TEST_LIBRARIES))


def install(work: Path) -> None:
    """Let npm install the locked packages into ``work``.

    Raises:
        subprocess.CalledProcessError: npm failed (its words are on stderr).
        FileNotFoundError: npm is not installed.
    """
    shutil.copytree(VENDORING, work, dirs_exist_ok=True)
    subprocess.run(["npm", "ci", "--silent"], cwd=work, check=True)


def build(work: Path, libraries: tuple[Library, ...], target: Path) -> None:
    """Fill ``target`` with libraries installed in ``work``, their licences and a manifest."""
    target.mkdir(parents=True)
    entries: list[dict[str, Any]] = []
    for library in libraries:
        made = target / library.file
        packages = (library.package,)
        if library.shipped:
            shutil.copyfile(work / "node_modules" / library.package / library.shipped, made)
        else:
            packages = _bundle(work, library, made)
        entries.append(_describe(work, library, packages, made, target))
    text = json.dumps({"files": entries}, indent=2, ensure_ascii=False) + "\n"
    (target / MANIFEST).write_text(text, encoding="utf-8")


def _bundle(work: Path, library: Library, made: Path) -> tuple[str, ...]:
    """Let esbuild write ``made``; returns the npm packages whose code is in it."""
    options = ["--bundle", "--format=esm", "--minify", "--target=es2022", "--charset=utf8"]
    command = ["npx", "--no-install", "esbuild", library.entry, *options, *library.options]
    told = work / "told.json"
    more = ["--legal-comments=inline", "--log-level=error", f"--metafile={told}"]
    subprocess.run([*command, *more, f"--outfile={made}"], cwd=work, check=True)
    (output,) = json.loads(told.read_text(encoding="utf-8"))["outputs"].values()
    found = (re.search(r"node_modules/((?:@[^/]+/)?[^/]+)/", path) for path in output["inputs"])
    return tuple(sorted({one[1] for one in found if one is not None}))


def _describe(
    work: Path, library: Library, names: tuple[str, ...], made: Path, target: Path
) -> dict[str, Any]:
    packages: list[dict[str, str]] = []
    for name in names:
        folder = work / "node_modules" / name
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        licence = next(path for path in sorted(folder.iterdir()) if _is_licence(path))
        kept = f"LICENSE-{name.strip('@').replace('/', '-')}.txt"
        shutil.copyfile(licence, target / kept)
        packages.append(
            {
                "name": name,
                "version": about["version"],
                "license": about["license"],
                "license_file": kept,
                "license_sha256": sha256_of(target / kept),
            }
        )
    made_by = (
        f"copied from {library.package}/{library.shipped}"
        if library.shipped
        else f"bundled by esbuild from vendoring/{library.entry}"
    )
    return {
        "file": library.file,
        "sha256": sha256_of(made),
        "size_bytes": made.stat().st_size,
        "made": made_by,
        "packages": packages,
    }


def _is_licence(path: Path) -> bool:
    return path.is_file() and path.name.upper().startswith(("LICENSE", "LICENCE"))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(made: Path, kept: Path) -> list[str]:
    """Names of files that are missing on one side or differ."""
    kept_names = {path.name for path in kept.iterdir()} if kept.is_dir() else set[str]()
    names = {path.name for path in made.iterdir()} | kept_names
    return sorted(
        name
        for name in names
        if not (made / name).is_file()
        or not (kept / name).is_file()
        or (made / name).read_bytes() != (kept / name).read_bytes()
    )


def main(argv: list[str] | None = None) -> int:
    """Command line; exit 1 when ``--check`` finds a difference, 2 without npm."""
    parser = argparse.ArgumentParser(
        prog="python -m viewkeeper.dashboard.vendor", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--check", action="store_true", help="make and compare, write nothing")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            install(work)
            for number, (_, libraries) in enumerate(ROOMS):
                build(work, libraries, work / f"room{number}")
        except FileNotFoundError:
            print("npm is not installed: install Node.js 20 or newer", file=sys.stderr)
            return 2
        except subprocess.CalledProcessError as error:
            print(f"{error.cmd[0]} failed with exit {error.returncode}", file=sys.stderr)
            return 2
        made = [(work / f"room{number}", kept) for number, (kept, _) in enumerate(ROOMS)]
        if options.check:
            differ = [name for fresh, kept in made for name in differences(fresh, kept)]
            print("in date" if not differ else f"differs: {', '.join(differ)}")
            return 1 if differ else 0
        for fresh, kept in made:
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(fresh, kept)
    print(f"wrote {', '.join(one.file for _, libraries in ROOMS for one in libraries)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
