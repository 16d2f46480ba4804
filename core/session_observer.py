"""What becomes of sessions goes into the access journal; tokens that do not count are watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.store.access_journal import Access

if TYPE_CHECKING:
    from datetime import datetime

    from core.keys.session_changes import What
    from core.keys.sessions import Session
    from core.store.access_journal import AccessJournal
    from core.stranger_watch import StrangerWatch


class SessionObserver:
    """The observer of an instance's sessions."""

    def __init__(self, journal: AccessJournal, watch: StrangerWatch) -> None:
        self._journal = journal
        self._watch = watch

    def changed(self, what: What, name: str, session: Session, by: str | None, now: datetime) -> None:
        """Keep that a session began, ended or ran out."""
        self._journal.note(Access(what, name, session.person, session.role, by, session.device), now)

    def is_over(self, name: str) -> bool:
        """Tell whether the journal says that the session of this name is over."""
        return self._journal.is_over(name)

    def misused(self, person: str | None) -> None:
        """Count a token that was ended, or that was never told."""
        self._watch.session_misused(person)
