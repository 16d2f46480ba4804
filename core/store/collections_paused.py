"""Folding a long log without the search for cycles of objects, of which it makes none."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def collections_paused(*, freezing: bool = False) -> Iterator[None]:
    """Spare the garbage collector a trial that is folded: it only grows.

    The collector would look through all of it again and again, which makes an event dearer the longer the
    log is. With `freezing` it does not do so once more behind the last event, nor ever after.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if freezing:
            gc.freeze()
        if enabled:
            gc.enable()
