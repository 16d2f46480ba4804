"""What a review of the audit trail covers.

A review of subjects covers what was asked, verified and countersigned about them too, wherever it stands: who
entered, who verified and who reviews the trail are three people (part 11 section 5), also where the review
ends before the verification. Earlier reviews of the trail are no part of it: whoever made one may make the
next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.kernel import streams
from core.trial.quality.events import ReviewScope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.trial.acts import Act

_PREFIXES: Final[Mapping[ReviewScope, str]] = {
    ReviewScope.ALL: "",
    ReviewScope.SUBJECTS: streams.SUBJECT_PREFIX,
    ReviewScope.CASEBOOKS: streams.CASEBOOK_PREFIX,
    ReviewScope.LOTS: streams.LOT_PREFIX,
    ReviewScope.PEOPLE: streams.PERSON_PREFIX,
    ReviewScope.STUDY: streams.STUDY,
    ReviewScope.ESCALATION: streams.ESCALATION,
    ReviewScope.INSTANCE: streams.INSTANCE,
    ReviewScope.QUERIES: streams.QUERY_PREFIX,
}
# Where statements about subjects stand that are no entries.
_ABOUT_SUBJECTS: Final = (streams.QUERY_PREFIX, streams.REVIEW_PREFIX)
_OF_SUBJECTS: Final = frozenset({ReviewScope.SUBJECTS, ReviewScope.CASEBOOKS})


def is_in_scope(act: Act, scope: ReviewScope, subject_key: str | None) -> bool:
    """Tell whether what somebody signed is part of a review; `subject_key` names the one subject, if one."""
    if scope is ReviewScope.ONE_SUBJECT:
        return subject_key in act.subjects
    about_subjects = bool(act.subjects) and act.stream.startswith(_ABOUT_SUBJECTS)
    return act.stream.startswith(_PREFIXES[scope]) or (scope in _OF_SUBJECTS and about_subjects)
