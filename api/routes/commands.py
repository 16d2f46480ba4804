"""One POST for each command: the noun of its event, under the thing that it is about.

A table rather than functions: path and command class say all there is to say about such a route.
"""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from api.execution import execute
from api.schemas.answers import PreparedResponse, ReceiptResponse
from api.schemas.fields import UUID7_PATTERN
from api.schemas.orders import Order, order_schema
from api.schemas.strict import Blueprint
from core.trial.casebook import commands as casebook
from core.trial.devices import commands as devices
from core.trial.escalation import commands as escalation
from core.trial.instance import commands as instance
from core.trial.people import commands as people
from core.trial.product import commands as product
from core.trial.quality import commands as quality
from core.trial.study import commands as study
from core.trial.subject import commands as subject

if TYPE_CHECKING:
    from collections.abc import Mapping

AREAS: Final[Mapping[str, tuple[tuple[type, str], ...]]] = {
    "subjects": (
        (subject.GiveConsent, "/subjects/<subject_key>/consents"),
        (subject.ReconfirmConsent, "/subjects/<subject_key>/consent-reconfirmations"),
        (subject.WithdrawConsent, "/subjects/<subject_key>/consent-withdrawals"),
        (subject.ScreenSubject, "/subjects/<subject_key>/screenings"),
        (subject.CorrectScreening, "/subjects/<subject_key>/screening-corrections"),
        (subject.ConfirmEligibility, "/subjects/<subject_key>/eligibility-confirmations"),
        (subject.RecordScreenFailure, "/subjects/<subject_key>/screen-failures"),
        (subject.EnrolSubject, "/subjects/<subject_key>/enrolments"),
        (subject.AdministerDose, "/subjects/<subject_key>/doses"),
        (subject.CorrectDose, "/subjects/<subject_key>/dose-corrections"),
        (subject.WitnessDose, "/subjects/<subject_key>/dose-witnessings"),
        (subject.CompleteDltWindow, "/subjects/<subject_key>/dlt-window-completions"),
        (subject.WithdrawSubject, "/subjects/<subject_key>/withdrawals"),
        (subject.RecordDeath, "/subjects/<subject_key>/deaths"),
        (subject.RecordLiverTransplant, "/subjects/<subject_key>/liver-transplants"),
        (subject.LoseToFollowUp, "/subjects/<subject_key>/losses-to-follow-up"),
        (subject.CorrectDisposition, "/subjects/<subject_key>/disposition-corrections"),
    ),
    "safety": (
        (subject.ReportAdverseEvent, "/subjects/<subject_key>/adverse-events"),
        (subject.CorrectAdverseEvent, "/subjects/<subject_key>/adverse-events/<ae_id>/corrections"),
        (subject.RegradeAdverseEvent, "/subjects/<subject_key>/adverse-events/<ae_id>/regradings"),
        (subject.ResolveAdverseEvent, "/subjects/<subject_key>/adverse-events/<ae_id>/resolutions"),
        (subject.DeclareSae, "/subjects/<subject_key>/adverse-events/<ae_id>/sae-declarations"),
        (subject.SubmitSae, "/subjects/<subject_key>/adverse-events/<ae_id>/sae-submissions"),
        (subject.AdjudicateDlt, "/subjects/<subject_key>/adverse-events/<ae_id>/adjudications"),
    ),
    "product": (
        (product.ReceiveLot, "/lots"),
        (product.ReleaseLot, "/lots/<lot>/releases"),
        (product.RejectLot, "/lots/<lot>/rejections"),
        (product.PrepareDose, "/lots/<lot>/preparations"),
        (product.CheckDosePreparation, "/lots/<lot>/preparations/<subject_key>/checks"),
        (product.DiscardDosePreparation, "/lots/<lot>/preparations/<subject_key>/discards"),
    ),
    "casebook": (
        (casebook.RecordVisit, "/subjects/<subject_key>/visits"),
        (casebook.RecordMissedVisit, "/subjects/<subject_key>/missed-visits"),
        (casebook.RecordSpecimen, "/subjects/<subject_key>/specimens"),
        (casebook.ReportLabPanel, "/subjects/<subject_key>/lab-panels"),
        (casebook.ReportLateResult, "/subjects/<subject_key>/lab-panels/<specimen_set>/late-results"),
        (casebook.RepeatLabResult, "/subjects/<subject_key>/lab-panels/<specimen_set>/repeats"),
        (casebook.CorrectLabResult, "/subjects/<subject_key>/lab-panels/<specimen_set>/corrections"),
        (casebook.ReviewLab, "/subjects/<subject_key>/lab-panels/<specimen_set>/reviews"),
        (casebook.RecordMedication, "/subjects/<subject_key>/medications"),
        (casebook.EndMedication, "/subjects/<subject_key>/medications/<medication_id>/ends"),
        (casebook.ReportHlaAntibodies, "/subjects/<subject_key>/hla-antibodies"),
        (casebook.RecordVitalStatus, "/subjects/<subject_key>/vital-statuses"),
        (casebook.AssessClinicalImprovement, "/subjects/<subject_key>/improvement-assessments"),
        (casebook.RecordDeviation, "/subjects/<subject_key>/deviations"),
        (casebook.AssessDeviation, "/subjects/<subject_key>/deviations/<deviation_id>/assessments"),
    ),
    "study": (
        (study.ProposeProtocolConfig, "/protocol-configs"),
        (study.ApproveProtocolConfig, "/protocol-configs/<int:number>/approvals"),
        (study.ProposeAmendment, "/amendments"),
        (study.ApproveAmendment, "/amendments/<int:number>/approvals"),
    ),
    "instance": (
        (instance.IssueServiceToken, "/service-tokens"),
        (instance.RevokeServiceToken, "/service-tokens/<token>/revocations"),
        (instance.ProposePolicyChange, "/policy-changes"),
        (instance.ApprovePolicyChange, "/policy-changes/approvals"),
        (instance.WithdrawPolicyChange, "/policy-changes/withdrawals"),
    ),
    "devices": (
        (devices.RegisterDevice, "/devices"),
        (devices.ApproveDevice, "/devices/<device>/approvals"),
        (devices.RevokeDevice, "/devices/<device>/revocations"),
    ),
    "people": (
        (people.EnrolPerson, "/people"),
        (people.ProposeRole, "/people/<person>/role-proposals"),
        (people.ProposeSigningKey, "/people/<person>/key-proposals"),
        (people.ProposeCredentialReset, "/people/<person>/credential-resets"),
        (people.ApproveEnrolment, "/people/<person>/approvals"),
        (people.RejectEnrolment, "/people/<person>/rejections"),
        (people.VerifyIdentity, "/people/<person>/identity-verifications"),
        (people.RecordTraining, "/people/<person>/trainings"),
        (people.AcceptPolicy, "/people/<person>/policy-acceptances"),
        (people.DelegateDuties, "/people/<person>/delegations"),
        (people.EndDelegation, "/people/<person>/delegation-endings"),
        (people.EndRole, "/people/<person>/role-endings"),
        (people.DisablePerson, "/people/<person>/disablings"),
        (people.LiftLockout, "/people/<person>/lockout-liftings"),
        (people.RevokeSigningKey, "/people/<person>/key-revocations"),
        (people.DeclareKeyCompromise, "/people/<person>/key-compromises"),
        (people.RotateSigningKey, "/people/<person>/key-rotations"),
        (people.ChangePassword, "/people/<person>/password-changes"),
        (people.ReaffirmSignatures, "/people/<person>/reaffirmations"),
    ),
    "quality": (
        (quality.VerifySource, "/source-verifications"),
        (quality.ReportSourceMismatch, "/source-mismatches"),
        (quality.RaiseQuery, "/queries"),
        (quality.AnswerQuery, "/queries/<query>/answers"),
        (quality.CloseQuery, "/queries/<query>/closings"),
        (quality.ReopenQuery, "/queries/<query>/reopenings"),
        (quality.FreezeCasebook, "/subjects/<subject_key>/casebook/freezings"),
        (quality.UnfreezeCasebook, "/subjects/<subject_key>/casebook/unfreezings"),
        (quality.SignCasebook, "/subjects/<subject_key>/casebook/signatures"),
        (quality.LockCasebook, "/subjects/<subject_key>/casebook/locks"),
        (quality.ProposeUnlock, "/subjects/<subject_key>/casebook/unlock-proposals"),
        (quality.ApproveUnlock, "/subjects/<subject_key>/casebook/unlockings"),
        (quality.ReviewAuditTrail, "/audit-trail-reviews"),
        (quality.Countersign, "/countersignatures"),
        (quality.RecordMonitoringVisit, "/monitoring-visits"),
    ),
    "escalation": (
        (escalation.OpenSrcMeeting, "/src-meetings"),
        (escalation.CastSrcVote, "/src-meetings/<meeting>/votes"),
        (escalation.EndSrcVoting, "/src-meetings/<meeting>/voting-ends"),
        (escalation.CloseSrcMeeting, "/src-meetings/<meeting>/closings"),
        (escalation.SignDecision, "/cohort-decisions"),
        (escalation.PlaceSafetyHold, "/safety-holds"),
        (escalation.LiftSafetyHold, "/safety-hold-liftings"),
        (escalation.SimulateDecision, "/decision-simulations"),
    ),
}

_HEADERS: Final = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "A new UUID of version 7 for each command; the same again returns the first receipt.",
        "schema": {"type": "string", "pattern": UUID7_PATTERN},
    },
    {
        "name": "If-Match",
        "in": "header",
        "description": "The version seen of the stream that the command is about; demanded once it exists.",
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,15}"$'},
    },
]
REFUSALS: Final = (400, 401, 403, 404, 409, 412, 413, 415, 422, 423, 428, 429, 503)


@cache
def command_blueprints() -> tuple[Blueprint, ...]:
    """Return one blueprint an area with the routes of its commands."""
    return tuple(_area(name, rows) for name, rows in AREAS.items())


def _area(name: str, rows: tuple[tuple[type, str], ...]) -> Blueprint:
    blueprint = Blueprint(f"{name}_commands", __name__, url_prefix="/v1")
    for command, path in rows:
        _add(blueprint, command, path, name)
    return blueprint


def _add(blueprint: Blueprint, command: type, path: str, tag: str) -> None:
    in_path = frozenset(re.findall(r"<(?:int:)?(\w+)>", path))

    def view(order: Order, **named: Any) -> Any:  # noqa: ANN401 - path parameters
        return execute(command(**named, **order.data), order)

    view.__doc__ = command.__doc__
    view.__name__ = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", command.__name__).lower()
    # Schemas come last: each decorator copies deeply what those before it have documented.
    documented: Any = blueprint.doc(parameters=_HEADERS, operationId=view.__name__, tags=[tag])(view)
    for status in REFUSALS:
        documented = blueprint.alt_response(status, HTTPStatus(status).name)(documented)
    documented = blueprint.alt_response(
        200, schema=_Answered(partial=True), description="Prepared, or replayed"
    )(documented)
    documented = blueprint.response(201, ReceiptResponse)(documented)
    documented = blueprint.arguments(order_schema(command, in_path))(documented)
    blueprint.add_url_rule(path, view.__name__, documented, methods=["POST"])


class _Answered(ReceiptResponse, PreparedResponse):
    """What 200 answers: prepared statements, or the first receipt of a repeated command; never both."""
