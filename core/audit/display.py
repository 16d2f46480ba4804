"""What a signer is shown: one text a statement, a pure function of what a person can read of it.

* The statement carries the digest of its text, so what was shown is part of what was signed (21 CFR 11.70).
* Left out are the time of signing, which the act itself brings, the person's key, and how the log is chained.
* One line a value, at the depth where it belongs; a value with line breaks goes on deeper than any name can
  stand, so that no entered text reads as another line.
* Names stand in the order of the canonical form, whoever made the mapping.
* Times are shown with the zone's own offset: the time-zone database of the reader has to know the zone.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from core.kernel.texts import spaced
from core.kernel.time import local_text
from core.trial.registry import event_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.audit.statement import Statement
    from core.kernel.actors import Environment, Meaning
    from core.kernel.recorded import Reason, Signer

_QUANTITY: Final = ("value", "unit")
_MEASURED: Final = "value, unit"  # no name of a field has a comma
_DATA_INDENT: Final = "  "
_CONTINUED: Final = "\n      | "
_WORDS: Final[Mapping[object, str]] = {None: "none", True: "yes", False: "no"}
_NONE_LISTED: Final = "none listed"
_SHOWN_AS_WORD: Final = frozenset((*_WORDS.values(), _NONE_LISTED))


def display_text(statement: Statement, sentence: str) -> str:
    """Return what the signer reads before signing; `sentence` is the frozen legal one (21 CFR 11.50(a)).

    Raises: what `local_text` raises where the zone is not known.
    """
    lines = [
        _signing_lines(
            statement.type,
            statement.origin,
            statement.environment,
            statement.signer,
            statement.meaning,
            f"{sentence} ({statement.legal})",
        ),
        _line("occurred at", local_text(statement.occurred_at, statement.zone)),
        _line("time zone", statement.zone),
        _line("record", f"{statement.stream}, version {statement.ver}"),
        _line("part", f"event {statement.txn.i + 1} of {statement.txn.n} of one command"),
        *_reason(statement.reason),
        _line("corrects", statement.corrects),
        "data:",
        *_data_lines(statement.data),
    ]
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=1024)  # the same people sign the same types all day
def _signing_lines(
    topic: str, origin: str, environment: Environment, signer: Signer, meaning: Meaning, sentence: str
) -> str:
    lines = (
        _line("event", spaced(event_name(topic)).capitalize()),
        _line("topic", topic),
        _line("log", origin),
        _line("environment", environment),
        _line("signer", signer.name),
        _line("user id", signer.id),
        _line("role", signer.role),
        _line("under the delegation", signer.delegation),
        _line("meaning", meaning),
        _line("legal sentence", sentence),
    )
    return "\n".join(lines)


def digest_of_text(text: str) -> str:
    """Return the digest by which a statement names its text: `sha256:<64 hex>` over the UTF-8 bytes."""
    # Half of a surrogate pair is refused where the statement is written, not here.
    return f"sha256:{sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def _reason(reason: Reason | None) -> tuple[str, ...]:
    if reason is None:
        return (_line("reason", None),)
    return _line("reason", reason.code), _line("reason in words", reason.text)


def _data_lines(data: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    if data:
        _add_lines(lines, _DATA_INDENT, data)
    return lines


def _add_lines(lines: list[str], path: str, value: Any) -> None:  # noqa: ANN401 - a JSON value
    """Add one line a value under its dotted name; a measured value stands on one line with its unit."""
    if type(value) is str:
        lines.append(f"{path}: {_shown_text(value)}")
    elif isinstance(value, dict) and value:
        prefix = path if path == _DATA_INDENT else f"{path}."
        for name, inner in _members(value):
            if type(inner) is str:  # most are
                lines.append(f"{prefix}{name}: {_shown_text(inner)}")
            else:
                _add_lines(lines, prefix + name, inner)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value, 1):
            _add_lines(lines, f"{path}[{number}]", inner)
    else:
        lines.append(_line(path, value))


def _members(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the members in the order of their names, a value with its unit as one."""
    if "unit" not in value or not (_is_one_word(value["unit"]) and _is_one_word(value.get("value"))):
        return sorted(value.items())
    others = {name: inner for name, inner in value.items() if name not in _QUANTITY}
    return sorted({**others, _MEASURED: f"{value['value']} {value['unit']}"}.items())


def _is_one_word(text: object) -> bool:
    return isinstance(text, str) and text.split() == [text]


def _line(name: str, value: object) -> str:
    return f"{name}: {_shown(value)}"


def _shown(value: object) -> str:
    """Return a value as it stands behind its name; a text that could be taken for a word is quoted."""
    if isinstance(value, dict | list):
        return _NONE_LISTED
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    return _shown_text(str(value))


@lru_cache(maxsize=1024)  # names, units and times stand in many lines
def _shown_text(text: str) -> str:
    quoted = not text or text != text.strip() or text in _SHOWN_AS_WORD or text[0] == '"'
    return (f'"{text}"' if quoted else text).replace("\n", _CONTINUED)
