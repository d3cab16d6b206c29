"""Boots the image in QEMU, from the first start through updates good and bad to pulled plugs.

    sudo .venv/bin/python packaging/image/trial/story.py [--arch amd64|arm64] [--plugs 20]

The chain is the real one: the desk enrols the camera from the request on its card, the broker is
mosquitto with mutual TLS, pictures come over HTTP from a drawn street, the plug is pulled by
killing QEMU, the audit reads the ledger from the disk's data partition. Console and result are
kept under build/boot-image/; docs/benchmarks/image.md is written from the result. What was
stopped goes on where it was; --fresh begins anew.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import report
from card import Card, run
from life import BROKEN, GROWN_BYTES, LAME, LOOK_AROUND, NEWER, OLDER, PRESENT, Story
from machine import Machine
from site_around import Surroundings

TOP = Path(__file__).resolve().parents[3]
BUILD = TOP / "packaging" / "image" / "build.sh"
WORK = TOP / "build" / "boot-image"
MANIFEST = BUILD.with_name("manifest.raucm")


def built(verb: str, arch: str, version: str, folder: Path, **environment: str) -> Path:
    """An image or a bundle; one that is newer than all it is made of is taken as it is."""
    target = folder / f"viewkeeper-{version}-{arch}.{'img' if verb == 'image' else 'raucb'}"
    made_of = [
        *BUILD.parent.glob("rootfs*/**/*"),
        BUILD,
        MANIFEST,
        *(TOP / "dist").glob("viewkeeper-agent*.deb"),
    ]
    newest = max(path.stat().st_mtime for path in made_of)
    if target.exists() and target.stat().st_mtime > newest:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    told = {**os.environ, "IMAGE_OUT": str(folder), "IMAGE_COMPRESSION": "3", **environment}
    print(f"building {verb} {version} {' '.join(environment.values())}", flush=True)
    run(BUILD, verb, arch, version, environment=told)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", default="amd64", choices=("amd64", "arm64"))
    parser.add_argument("--plugs", type=int, default=20, help="how often (default 20)")
    parser.add_argument(
        "--part", default="all", choices=("all", "updates", "plugs"), help="the others side by side"
    )
    parser.add_argument(
        "--run", default="", metavar="NAME", help="its folder below build/boot-image"
    )
    parser.add_argument(
        "--begin-with",
        type=Path,
        metavar="RUN",
        help="another run's folder, whose camera is enrolled",
    )
    parser.add_argument("--minutes", type=float, default=1e9, help="then stop between two steps")
    parser.add_argument("--fresh", action="store_true", help="begin anew, not where it stopped")
    options = parser.parse_args()
    if os.geteuid():
        sys.exit("error: building an image needs root: sudo make boot-image")
    arch, part, began = options.arch, options.part, time.monotonic()
    folder = WORK / (options.run or (arch if part == "all" else f"{arch}-{part}"))
    disk = folder / "disk.img"
    if options.begin_with:
        begin_with(options.begin_with, folder, part)
    elif options.fresh or not disk.exists():
        shutil.rmtree(folder, ignore_errors=True)
        image = built("image", arch, PRESENT, TOP / "dist")
        folder.mkdir(parents=True)
        run("cp", "--sparse=always", image, disk)
        with disk.open("r+b") as file:
            file.truncate(disk.stat().st_size + GROWN_BYTES)
    bundles = WORK / f"bundles-{arch}"
    with Surroundings(folder / "around") as around:
        machine = Machine(arch, disk, folder / "console.log")
        story = Story(arch, part, around, machine, disk)
        story.seen["machine"] = machine.described()
        machine.add_unit("look-around.service", LOOK_AROUND)
        wants = "[Unit]\nWants=look-around.service\n"
        machine.add_unit("look", wants, dropin_of="multi-user.target")
        ran = False
        try:
            for name, step in steps_of(story, bundles, options.plugs):
                if name in story.seen["done"]:
                    continue
                if ran and time.monotonic() - began > 60 * options.minutes:
                    print("stopped; the same command goes on from here")
                    break
                print(f"== {name}, {datetime.datetime.now(datetime.UTC):%T}", flush=True)
                at = time.monotonic()
                step()
                ran = True
                story.seen["minutes"] = story.seen.get("minutes", 0) + (time.monotonic() - at) / 60
                story.seen["done"].append(name)
                story.seen["day"] = f"{datetime.datetime.now(datetime.UTC):%F}"
                story.keep()
        finally:
            machine.pull_the_plug()
    report.write(WORK, TOP / "docs" / "benchmarks" / "image.md")


def begin_with(run_folder: Path, folder: Path, part: str) -> None:
    """Copy a run that stands still, with its camera enrolled; only the host's ports are others."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run_folder / "around", folder / "around")
    run("cp", "--sparse=always", run_folder / "disk.img", folder)
    seen = json.loads((run_folder / "result.json").read_text())
    done = [name for name in seen["done"] if name in ("first start", "enrolment", "view")]
    if "enrolment" not in done:
        sys.exit(f"error: the camera of {run_folder} is not enrolled yet")
    (folder / "result.json").write_text(json.dumps(seen | {"part": part, "done": done}))
    surroundings = Surroundings(folder / "around", anew=True)
    settings = folder / "around" / "agent.toml"
    settings.write_text(surroundings.settings())
    Card(folder / "disk.img").put(settings, "agent.toml")


Step = tuple[str, Callable[[], None]]


def steps_of(story: Story, bundles: Path, plugs: int) -> Iterator[Step]:
    """Each step by its name."""
    yield "first start", story.first_start
    yield "enrolment", story.enrolment
    if story.part != "updates":
        yield "view", story.view
    if story.part != "plugs":
        yield from updates_of(story, bundles)
    if story.part != "updates":
        for number in range(plugs):
            yield f"plug {number + 1}", lambda number=number: story.plug(number)
        yield f"ledger after {plugs} plugs", story.ledger_after_the_plugs
        yield f"after {plugs} plugs", story.after_the_plugs


def updates_of(story: Story, bundles: Path) -> Iterator[Step]:
    """Updates good and bad; bundles are built when their turn comes."""
    arch = story.arch

    def bundle(version: str, folder: Path = bundles, **environment: str) -> Path:
        path = built("bundle", arch, version, folder, **environment)
        story.seen["bundle_mb"] = path.stat().st_size >> 20
        return path

    keys, stranger = TOP / "build" / "image" / "keys", bundles / "stranger"

    def foreign() -> Path:
        """The good one, but signed by somebody else."""
        good, target = bundle(NEWER), stranger / "foreign.raucb"
        shutil.rmtree(stranger, ignore_errors=True)
        stranger.mkdir(parents=True)
        key, cert = stranger / "key.pem", stranger / "cert.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=stranger", "-keyout", key, "-out", cert)  # fmt: skip
        run("rauc", "resign", "--keyring", keys / "cert.pem", "--signing-keyring", cert,
            "--cert", cert, "--key", key, good, target)  # fmt: skip
        return target

    def older() -> Path:
        """Signed as it should be; what is in it never gets to be read."""
        content, target = bundles / "older", bundles / f"viewkeeper-{OLDER}-{arch}.raucb"
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir(parents=True)
        target.unlink(missing_ok=True)
        for name in ("root.img", "boot.img"):
            (content / name).write_bytes(os.urandom(1 << 20))
        manifest = MANIFEST.read_text().replace("@ARCH@", arch).replace("@VERSION@", OLDER)
        (content / "manifest.raucm").write_text(manifest)
        run("rauc", "bundle", "--cert", keys / "cert.pem", "--key", keys / "key.pem",
            content, target)  # fmt: skip
        return target

    yield "update server", story.updates_from_here
    yield "unsigned", lambda: story.refused(foreign(), "signature|verif|certificate", "unsigned")
    yield "older", lambda: story.refused(older(), "Version mismatch", "older")
    yield "update cut short", lambda: story.cut_short(bundle(NEWER))
    yield "update", lambda: story.updated(bundle(NEWER))
    yield (
        "does not boot",
        lambda: story.rolled_back(bundle(BROKEN, IMAGE_FAULT="hash"), BROKEN, "does_not_boot"),
    )
    yield (
        "agent fails",
        lambda: story.rolled_back(bundle(LAME, IMAGE_FAULT="agent"), LAME, "agent_fails"),
    )
    yield "after the updates", story.after_the_updates


if __name__ == "__main__":
    main()
