"""The checked-in vectors, parsed as the calculators want them: no binary floats."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[1] / "vectors"


@cache
def load(name: str) -> Any:
    """Return one vector file; nobody may change what comes back."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)


def golden_events(*kinds: str) -> list[dict[str, Any]]:
    """Return the golden script's events of these types, all of them if none is named."""
    return [event for event in load("golden_trial")["events"] if not kinds or event["type"] in kinds]
