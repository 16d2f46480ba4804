"""What becomes other when one policy takes the place of another: item by item, old and new, in words.

An item is a type of event, a kind of requirement, a text or a limit. `loosens` marks what a sponsor may
decide and an inspector asks about: somebody more who signs, a training, a delegation or a duty less, another
duty, a limit that is wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.kernel.actors import Role
    from core.trial.instance.events import Policy


@dataclass(frozen=True, slots=True)
class Difference:
    """One item of the policy with what stood there and what is to stand there; None is nothing."""

    item: str
    old: str | None
    new: str | None
    loosens: bool = False

    def in_words(self) -> str:
        """Return it as an officer reads it before they sign."""
        return f"{self.item}: {self.new or 'none'}, was {self.old or 'none'}"


def differences(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Return what differs between two policies; the order of their rows is no difference."""
    return tuple(one for one in _compared(old, new) if one.old != one.new)


def _compared(old: Policy, new: Policy) -> Iterator[Difference]:
    yield from _of_signers(_signers(old), _signers(new))
    yield _of_roles("roles that need a training", old.trained, new.trained)
    yield _of_roles("roles that work under delegation", old.delegated, new.delegated)
    yield _of_roles("roles that are granted until a date", old.time_boxed or (), new.time_boxed or ())
    duties = {row.type: str(row.duty) for row in old.duties}, {row.type: str(row.duty) for row in new.duties}
    yield from _by_key("duty of {}", *duties, changing_loosens=True)
    yield from _by_key("legal sentence of {}", _sentences(old), _sentences(new))
    yield Difference("accountability policy", _accountability(old), _accountability(new))
    yield _of_lockout(old, new)
    yield _of_password(old, new)


def _by_key(
    item: str, old: dict[str, str], new: dict[str, str], *, changing_loosens: bool = False
) -> Iterator[Difference]:
    for key in sorted(old.keys() | new.keys()):
        loosens = changing_loosens and key in old and old[key] != new.get(key)
        yield Difference(item.format(key), old.get(key), new.get(key), loosens)


def _of_signers(old: dict[str, set[str]], new: dict[str, set[str]]) -> Iterator[Difference]:
    for topic in sorted(old.keys() | new.keys()):
        was, is_to_be = old.get(topic, set()), new.get(topic, set())
        said = [", ".join(sorted(signers)) or None for signers in (was, is_to_be)]
        yield Difference(f"who signs {topic}", said[0], said[1], not is_to_be <= was)


def _signers(policy: Policy) -> dict[str, set[str]]:
    """Return by type who signs it as what."""
    rows: dict[str, set[str]] = {}
    for grant in policy.grants:
        rows.setdefault(grant.type, set()).add(f"{grant.role} {grant.meaning}")
    return rows


def _sentences(policy: Policy) -> dict[str, str]:
    return {str(one.meaning): f"{one.text} ({one.id})" for one in policy.legal}


def _accountability(policy: Policy) -> str:
    return f"{policy.accountability.text} ({policy.accountability.id})"


def _of_roles(item: str, old: Iterable[Role], new: Iterable[Role]) -> Difference:
    loosens = bool(set(old) - set(new))
    return Difference(item, ", ".join(sorted(old)) or None, ", ".join(sorted(new)) or None, loosens)


def _of_lockout(old: Policy, new: Policy) -> Difference:
    was, is_to_be = old.lockout, new.lockout
    loosens = is_to_be.attempts > was.attempts or is_to_be.minutes < was.minutes
    said = [f"{one.attempts} failed attempts within {one.minutes} minutes" for one in (was, is_to_be)]
    return Difference("lock-out", said[0], said[1], loosens)


def _of_password(old: Policy, new: Policy) -> Difference:
    was, is_to_be = old.password_days, new.password_days
    loosens = was is not None and (is_to_be is None or is_to_be > was)
    return Difference("a password serves", _days(was), _days(is_to_be), loosens)


def _days(days: int | None) -> str:
    return "without end" if days is None else f"{days} days"
