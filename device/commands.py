"""What a person tells the device over its console: key, enrol, register, run."""

import asyncio
import gc
from array import array
from binascii import hexlify

from device.core import ed25519
from device.core.desk import Desk, enrol
from device.core.errors import Refusal
from device.core.supervisor import WELL
from device.core.tilt import registered
from device.core.view import View

KEY_FILE, REGISTER_FRAMES = "device.key", 5
STARTS_FILE = "starts"
ABOUT_FILE, CHECKPOINT_FILE = "audit.json", "checkpoint.cose"


def load_key(board):
    """The device key's seed; made here at first, and it never leaves."""
    seed = board.files.read(KEY_FILE)
    if seed is None:
        seed = board.random(32)
        board.files.write(KEY_FILE, seed)
    return seed


def command(board, settings, words):
    """``key``, ``enrol``, ``register``, ``update``, ``audit`` or ``run``; what to print."""
    # Collected early, garbage does not break the heap into pieces between what stays.
    gc.threshold((gc.mem_alloc() + gc.mem_free()) // 8)
    verb = words[0] if words else "run"
    seed = load_key(board)
    if verb == "key":
        return hexlify(ed25519.public_key(seed)).decode()
    if verb == "enrol" and len(words) == 2:
        with open(words[1], "rb") as file:
            enrol(board.files, file.read(), seed)
        return "enrolled"
    if verb == "register":
        return asyncio.run(register(board, settings))
    if verb == "update" and len(words) == 2:
        return update(board, words[1])
    if verb == "audit":
        return audit(board, seed)
    if verb == "run":
        from device.app import Device

        return asyncio.run(Device(board, settings, seed).run())
    raise Refusal("setting", "say key, enrol FILE, register, update FILE, audit or run")


def update(board, path):
    """Install a signed program beside the one that runs; it is tried at the next start."""
    from device.core import update as rules
    from device.store.programs import install

    if board.programs is None:
        raise Refusal("setting", "no program folder: name one as program in the settings")
    desk, now = Desk(board.files, (), board.random), board.clock.now()
    trust, target = desk.trust, board.programs.target

    def check(envelope, counter):
        floor_s = trust["clock_floor_s"]
        return rules.check(envelope, trust["keyset"], now, floor_s, counter, target)

    with open(path, "rb") as stream:
        told = install(board.programs, stream, check)
    board.files.write(STARTS_FILE, WELL)  # what crashed so far was another program
    desk.note("note", {"text": "program %s is on trial" % told["version"]}, now)
    return "installed %s: it is tried at the next start" % told["version"]


def audit(board, seed):
    """Lay a signed statement of the ledger beside it, for ``device/tools/export.py``."""
    import json

    from device.core.sealing import Sealer

    desk, now = Desk(board.files, (), board.random), board.clock.now()
    sealer = Sealer(desk.device, board.random(8), seed)
    told = {
        "device": desk.device,
        "exported_utc_ms": now.utc_ms,
        "clock_trusted": now.trusted,
        "size": desk.ledger.size,
    }
    board.files.write(CHECKPOINT_FILE, sealer.seal_checkpoint(desk.checkpoint(now)))
    board.files.write(ABOUT_FILE, json.dumps(told).encode())
    return "ready: %d entries" % desk.ledger.size


async def register(board, settings):
    """Keep what the camera sees and the mount feels; the hash, for the signed configuration.

    Where there is no camera, the mount is what is registered.
    """
    mount = name = None
    if board.senses is not None and board.senses.feels:
        samples, temperature_c, _ = await board.senses.gravity()
        mount = registered(samples, temperature_c)
        name = hexlify(mount.digest).decode()
    if board.camera is not None:
        view = View(*board.camera.size, settings["hfov_mdeg"], await _mean(board.camera))
        name = hexlify(view.digest).decode()
        board.files.write(name + ".view", view.to_bytes())
    if name is None:
        raise Refusal("setting", "neither camera nor accelerometer: nothing to register")
    if mount is not None:
        board.files.write(name + ".mount", mount.to_bytes())
    return name


async def _mean(camera):
    # Sixteen bits a pixel, taken once: a list of numbers would be eight times that and grow.
    count = camera.size[0] * camera.size[1]
    total = array("H", bytes(2 * count))
    for _ in range(REGISTER_FRAMES):
        grey = await camera.grey()
        for at in range(count):
            total[at] += grey[at]
        await asyncio.sleep(0.2)
    mean = bytearray(count)
    for at in range(count):
        mean[at] = (total[at] + REGISTER_FRAMES // 2) // REGISTER_FRAMES
    return mean
