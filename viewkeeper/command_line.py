"""What the command lines of all rooms share: every mistake is one line and exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, cast

from viewkeeper.protocol.errors import ViewkeeperError

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


class Told(Protocol):
    """An error that knows its stable code and what to tell a person."""

    reason: Any
    hint: str


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, and not the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_ERROR, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def guarded(program: str, call: Callable[[], int], *more: type[Exception]) -> int:
    """Run a command; whatever is raised on purpose becomes one line on standard error.

    Args:
        program: its name.
        call: the command; its value is the exit code.
        more: kinds of error, beside ours, that carry ``reason`` and ``hint``.

    Returns:
        What ``call`` returns, 2 after an error, 130 after Ctrl-C.
    """
    try:
        return call()
    except (ViewkeeperError, *more) as error:
        told = cast("Told", error)
        return _told(program, f"error: {told.hint} [{told.reason}]")
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong here.
        sys.stderr.close()
        return 0
    except OSError as error:
        return _told(program, f"error: {error.filename or 'system'}: {error.strerror}")
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _told(program: str, text: str) -> int:
    print(f"{program}: {text}", file=sys.stderr)
    return EXIT_ERROR
