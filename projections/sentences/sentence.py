"""The sentence of any recorded event: each kind of stream has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.kernel import streams
from core.trial.quality.events import CasebookQualityEvent
from projections.sentences.of_casebook import of_casebook
from projections.sentences.of_committee import of_escalation, of_product
from projections.sentences.of_devices import of_devices
from projections.sentences.of_people import of_person
from projections.sentences.of_quality import of_casebook_quality, of_query, of_review
from projections.sentences.of_study import of_instance, of_study
from projections.sentences.of_subject import of_subject

if TYPE_CHECKING:
    from core.kernel.recorded import Recorded


def sentence(event: Recorded) -> str:  # noqa: C901, PLR0911 - one case a kind of stream
    """Return what happened, in one sentence."""
    kind, _, key = event.stream.partition("/")
    payload = event.payload
    match kind:
        case "subject" if isinstance(payload, CasebookQualityEvent):
            return of_casebook_quality(payload, key)
        case "subject":
            return of_subject(payload, key)
        case "casebook":
            return of_casebook(payload, key)
        case "lot":
            return of_product(payload, key)
        case "query":
            return of_query(payload, key)
        case "review":
            return of_review(payload, key)
        case "person":
            return of_person(payload, key)
        case streams.STUDY:
            return of_study(payload)
        case streams.ESCALATION:
            return of_escalation(payload)
        case streams.DEVICES:
            return of_devices(payload)
        case _:
            return of_instance(payload)
