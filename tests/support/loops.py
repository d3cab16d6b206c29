"""Coroutines in tests, beside a browser that keeps an event loop in the main thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def apart(call: Callable[[], T]) -> T:
    """The result of a call that starts a loop of its own, made in a thread without one.

    Playwright's synchronous interface leaves its loop running in the thread of the tests, so
    ``asyncio.run`` fails there once a browser test has run.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` where a loop may be running already."""
    return apart(lambda: asyncio.run(coroutine))
