"""Who may command what: copied by hand from part 11 sections 5 and 6, never from the policy.

* Where section 6 names who does it, its narrower list counts; section 5 gives the limits.
* A role with a duty works under the principal investigator's delegation of it: `SI:consent`.
* Not yet there: the sponsor's approval of its own staff (MM), the medical monitor as adjudicator, the product
  pharmacist as witness of a dose.
"""

from __future__ import annotations

from typing import Final

from core.kernel.actors import Role

_EVERYBODY: Final = "PI SI SC LB PH CRA AUD DM MM SRC ADM SEC"

TABLE: Final[dict[str, str]] = {
    # screening, consent, eligibility; enrolment; administration
    "GiveConsent": "PI SI:consent",
    "ReconfirmConsent": "PI SI:consent",
    "WithdrawConsent": "PI SI:consent",
    "ScreenSubject": "SI:screening SC:screening",
    "CorrectScreening": "SI:screening SC:screening",
    "ConfirmEligibility": "PI SI:screening",
    "RecordScreenFailure": "PI SI:screening",
    "EnrolSubject": "PI SI:enrolment",
    "AdministerDose": "PI SI:dosing",
    "CorrectDose": "PI",
    "WitnessDose": "PH:product",
    # disposition: the investigator's responsibility
    "CompleteDltWindow": "PI",
    "WithdrawSubject": "PI",
    "RecordDeath": "PI",
    "RecordLiverTransplant": "PI",
    "LoseToFollowUp": "PI",
    "CorrectDisposition": "PI",
    # adverse events, serious ones, toxicities
    "ReportAdverseEvent": "PI SI:safety SC:safety",
    "CorrectAdverseEvent": "PI SI:safety SC:safety",
    "RegradeAdverseEvent": "PI SI:safety SC:safety",
    "ResolveAdverseEvent": "PI SI:safety SC:safety",
    "DeclareSae": "PI",
    "SubmitSae": "PI",
    "AdjudicateDlt": "SRC",
    # product
    "ReceiveLot": "PH:product",
    "ReleaseLot": "PH:product",
    "RejectLot": "PH:product",
    "PrepareDose": "PH:product",
    "CheckDosePreparation": "PH:product",
    "DiscardDosePreparation": "PH:product",
    # visits, laboratory, assessments, deviations
    "RecordVisit": "SC:visits",
    "RecordMissedVisit": "SC:visits",
    "RecordSpecimen": "SC:labs LB:labs",
    "ReportLabPanel": "SC:labs LB:labs",
    "ReportLateResult": "SC:labs LB:labs",
    "RepeatLabResult": "SC:labs LB:labs",
    "CorrectLabResult": "SC:labs LB:labs",
    "ReportHlaAntibodies": "SC:labs LB:labs",
    "ReviewLab": "PI SI:labs",
    "RecordMedication": "SC:visits SI:visits",
    "EndMedication": "SC:visits SI:visits",
    "RecordVitalStatus": "PI",
    "AssessClinicalImprovement": "PI SI:visits",
    "RecordDeviation": "PI SI:visits SC:visits PH:visits CRA DM",
    "AssessDeviation": "PI MM",
    # protocol configuration
    "ProposeProtocolConfig": "MM",
    "ApproveProtocolConfig": "PI",
    "ProposeAmendment": "MM",
    "ApproveAmendment": "PI",
    # committee, escalation
    "OpenSrcMeeting": "MM",
    "CastSrcVote": "SRC",
    "EndSrcVoting": "MM",
    "CloseSrcMeeting": "MM SRC",
    "SignDecision": "SRC",
    "PlaceSafetyHold": "PI SRC",
    "LiftSafetyHold": "SRC",
    "SimulateDecision": "MM SRC",
    # data quality
    "VerifySource": "CRA",
    "ReportSourceMismatch": "CRA",
    "RaiseQuery": "CRA DM MM SRC",
    "AnswerQuery": "PI SI:queries SC:queries LB:queries PH:queries",
    "CloseQuery": "CRA DM",
    "ReopenQuery": "CRA DM",
    "FreezeCasebook": "CRA",
    "UnfreezeCasebook": "CRA DM",
    "SignCasebook": "PI",
    "LockCasebook": "DM",
    "ProposeUnlock": "DM",
    "ApproveUnlock": "MM",
    "ReviewAuditTrail": "CRA DM",
    "Countersign": "PI SI:review MM CRA DM",
    "RecordMonitoringVisit": "CRA",
    # people, roles, keys: two officers; taking power away takes one
    "EnrolPerson": "ADM",
    "ProposeRole": "ADM",
    "ProposeSigningKey": "ADM",
    "ProposeCredentialReset": "ADM",
    "ApproveEnrolment": "SEC",
    "RejectEnrolment": "ADM SEC",
    "VerifyIdentity": "SEC",
    "RecordTraining": "ADM SEC",
    "DelegateDuties": "PI",
    "EndDelegation": "PI ADM SEC",
    "EndRole": "ADM SEC",
    "DisablePerson": "ADM SEC",
    "LiftLockout": "ADM SEC",
    "RevokeSigningKey": "ADM SEC",
    "DeclareKeyCompromise": "ADM SEC",
    "RegisterDevice": "ADM SEC",
    "ApproveDevice": "ADM SEC",
    "RevokeDevice": "ADM SEC",
    "ProposePolicyChange": "ADM SEC",
    "ApprovePolicyChange": "ADM SEC",
    "WithdrawPolicyChange": "ADM SEC",
    "IssueServiceToken": "SEC",
    "RevokeServiceToken": "ADM SEC",
    # one's own account
    "AcceptPolicy": _EVERYBODY,
    "RotateSigningKey": _EVERYBODY,
    "ChangePassword": _EVERYBODY,
    "ReaffirmSignatures": _EVERYBODY,
}

# What somebody does about their own account takes no training.
OWN_ACCOUNT: Final = frozenset({"AcceptPolicy", "RotateSigningKey", "ChangePassword", "ReaffirmSignatures"})
UNTRAINED: Final = frozenset({Role.ADM, Role.SEC})
PEOPLE: Final = tuple(role for role in Role if role is not Role.SVC)


def allowed(command: str) -> dict[Role, str | None]:
    """Return who may command it, with the duty that has to be delegated to them, if any."""
    cells = (cell.partition(":") for cell in TABLE[command].split())
    return {Role(role): duty or None for role, _, duty in cells}


def expected(command: str, role: Role, delegation: str, training: str) -> str | None:
    """Return the code of the refusal, None where the signature is allowed.

    `delegation` is none, active, ended, not_yet or expired; `training` none, current or expired.
    """
    may = allowed(command)
    if role not in may:
        return "NOT_AUTHORISED"
    if command in OWN_ACCOUNT:
        return None
    if role not in UNTRAINED and training != "current":
        return "TRAINING_MISSING" if training == "none" else "TRAINING_EXPIRED"
    if may[role] is None or delegation == "active":
        return None
    return "DELEGATION_MISSING" if delegation == "none" else "DELEGATION_INACTIVE"
