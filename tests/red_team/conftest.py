"""Fixtures of this folder."""

from tests.support.world import founded, world

__all__ = ["founded", "world"]
