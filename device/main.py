"""Starts the device: ``main.py [SETTINGS.json] [key | enrol FILE | register | run]``."""

import json
import sys

from device.commands import command
from device.core.errors import Refusal
from device.core.view import ViewError


def main(words):
    """Do what the words say; one line and 1 where it cannot be done."""
    path = words[0] if words else "settings.json"
    try:
        with open(path) as file:
            settings = json.load(file)
        hal = __import__("device.hal." + settings.get("hal", "unix"), None, None, ("Board",))
        print(command(hal.Board(settings), settings, words[1:]))
    except (OSError, ValueError, KeyError, ImportError) as error:
        print("settings %s or what it names: %r" % (path, error))
        return 1
    except (Refusal, ViewError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
