"""``main.py`` on the flash: starts one of two programs; knows nothing of either.

A program on trial has a few starts to prove itself (``core/update.py``); when they are used up,
the one before it is started. What is decided is kept before anything is imported, so that a
program which cannot even be imported counts as tried.

Settings: ``program`` is the folder of the slots, ``storage`` that of ``boot.json``.
"""

import json
import os
import sys

SLOTS = ("slot-a", "slot-b")


def choose(folder):
    """The slot to start."""
    path = folder + "/boot.json"
    try:
        with open(path) as file:
            boot = json.load(file)
    except (OSError, ValueError):
        return SLOTS[0]
    slot = boot["active"]
    if boot["trying"] is not None:
        if boot["tries"] > 0:
            slot, boot["tries"] = boot["trying"], boot["tries"] - 1
        else:
            boot["trying"] = boot["next"] = None
            boot["given_up"] = True
            _forget_starts(folder)
        with open(path + ".new", "w") as file:
            json.dump(boot, file)
        os.rename(path + ".new", path)
    return SLOTS[slot]


def _forget_starts(folder):
    """The starts that counted were those of the program given up."""
    try:
        os.remove(folder + "/starts")
    except OSError:
        pass  # none was counted


def main(words):
    """Start; on a board a program that ends in an error is started anew."""
    path = words[0] if words else "settings.json"
    with open(path) as file:
        settings = json.load(file)
    root = settings.get("program", "")
    sys.path.insert(0, root + "/" + choose(settings.get("storage", "/storage")))
    try:
        from device.main import main as run

        return run(words)
    except Exception as error:
        print("program:", repr(error))
        if settings.get("hal", "unix") == "unix":
            return 3
        import machine

        machine.reset()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
