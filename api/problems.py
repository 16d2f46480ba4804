"""Every refusal as problem+json (RFC 9457): one table from stable code to HTTP status.

* What stands in an answer is the sentence and the facts of the error, never a submitted value, a
  traceback or a frame.
* A broken proof is the server's fault whatever its code: `IntegrityFinding` and `CannotVerify` are 500.
* A moved record is 412 where the client named the version that it had seen, else 409.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, g, json, request

from core.kernel.errors import CannotVerify, Conflict, IntegrityFinding, TrialError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.exceptions import HTTPException

PROBLEM_TYPE: Final = "application/problem+json"

_CODES: Final[Mapping[int, str]] = {
    400: """MALFORMED NOT_JSON DUPLICATE_KEY TOO_DEEP IDEMPOTENCY_KEY_REQUIRED BAD_TXN BAD_IF_MATCH
        BAD_PROOF_REQUEST""",
    401: "NOT_SIGNED_IN SESSION_EXPIRED SIGN_IN_FAILED SIGN_AUTH_REQUIRED WRONG_PASSWORD BAD_ANSWER",
    403: """NOT_AUTHORISED MEANING_NOT_PERMITTED ROLE_NOT_HELD NO_ACTIVE_KEY NO_SEALED_KEY WRONG_KEY
        SOD_VIOLATION NOT_ON_ROSTER NOT_ON_COMMITTEE""",
    404: """NOT_FOUND UNKNOWN_SUBJECT UNKNOWN_AE UNKNOWN_RESULT UNKNOWN_PERSON UNKNOWN_POSITION
        UNKNOWN_STREAM UNKNOWN_VIEW UNKNOWN_ROW UNKNOWN_LOT UNKNOWN_PREPARATION UNKNOWN_MEDICATION
        UNKNOWN_DEVIATION UNKNOWN_VISIT""",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    409: """VERSION_CONFLICT IDEMPOTENCY_MISMATCH ILLEGAL_SEQUENCE STALE_VALUE STALE_PROPOSAL
        STATEMENT_DIFFERS PREPARED_EXPIRED BAD_SEEN POSITION_AHEAD INSTANCE_NOT_OPEN INSTANCE_EXISTS
        NO_PROTOCOL_CONFIG AMENDMENT_REWRITES_HISTORY SELF_TEST_FAILED NOTHING_TO_APPROVE
        NOTHING_TO_SIGN DECISION_DIFFERS ALREADY_SIGNED LAST_OFFICER DUPLICATE_LOT LOT_EXPIRED
        LOT_NOT_RELEASED LOT_EXHAUSTED ALREADY_PREPARED PREPARATION_NOT_CHECKED CHAIN_OF_IDENTITY
        MORE_THAN_PREPARED IDENTITY_NOT_CHECKED STAGGER_VIOLATION NOT_DOSED ALREADY_RECORDED
        BEFORE_ENROLMENT CAUSE_NOT_RELATED CONTRADICTS_VITAL_STATUS CONSENT_MISSING CONSENT_WITHDRAWN
        RECONSENT_DUE EVIDENCE_STALE NO_RESCREENING_LEFT ONSET_BEFORE_CONSENT SUBJECT_EXISTS
        NOT_ELIGIBLE GROUP_MISMATCH RULES_DIFFER LEVEL_NOT_OPEN NO_FREE_SLOT BAD_REPLACEMENT
        ALREADY_DOSED LEVEL_MISMATCH DUPLICATE_AE DUPLICATE_VISIT DUPLICATE_SPECIMEN_SET
        COURSE_OUT_OF_ORDER OUTCOME_MISMATCH ALREADY_RESOLVED UNKNOWN_EXCLUSION EXCLUSION_NOT_MET
        NOT_SERIOUS SERIOUSNESS_DIFFERS AWARENESS_DIFFERS ALREADY_DECLARED SAE_NOT_DECLARED
        ALREADY_SUBMITTED NOT_A_DLT_CANDIDATE DLT_WINDOW_OPEN OPEN_DLT_CANDIDATE CAUSE_NOT_FATAL
        CONTRADICTS_DEATH PERSON_EXISTS KEY_IN_USE KEY_NOT_ACTIVE KEY_DESTROYED KEY_OF_ANOTHER_PERSON
        KEY_ID_MISMATCH BAD_SNAPSHOT SNAPSHOT_STALE MEETING_OPEN NO_OPEN_MEETING DUPLICATE_MEETING
        ALREADY_VOTED NO_QUORUM NO_MAJORITY OVERRIDE_NOT_UNANIMOUS NO_OVERRIDE ABOVE_CEILING
        LEVEL_SKIPPED LEVEL_FULL MTD_NOT_CONFIRMED OVERRIDE_HELD SAFETY_HOLD NOT_IN_FORCE
        DUPLICATE_MEDICATION DUPLICATE_DEVIATION SPECIMEN_MISMATCH REPEAT_BEFORE_RESULT
        RESULT_BEFORE_RECEIPT VISIT_WINDOW_OPEN THRESHOLD_DIFFERS GUIDELINE_DIFFERS EFFICACY_CENSORED
        DEATH_NOT_RECORDED BEFORE_DOSE""",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: """VALIDATION DECIMAL_STRING_EXPECTED FUTURE_TIME NAIVE_TIME BAD_TIME BAD_DATE BAD_DECIMAL
        BAD_IDENTIFIER BAD_PAYLOAD BAD_STATEMENT BAD_BASE64 BAD_TEXT BAD_NAME BAD_GRADE BAD_CONFIG
        UNKNOWN_RULES ONE_CHANGE BAD_KEY BAD_KEY_ID BAD_PUBLIC_KEY BAD_PROOF_OF_POSSESSION BAD_SIGNATURE
        NOTHING_SIGNED NON_CANONICAL_KEY WEAK_KEY WEAK_PASSWORD CTCAE_VERSION DUPLICATE_ANALYTE
        DUPLICATE_FIELD DOSE_ABOVE_LEVEL ESCALATION_RULES_UNSUPPORTED FIELD_MALFORMED FIELD_MISSING
        FLOAT_REFUSED GRADE_DEATH_MISMATCH IMPLAUSIBLE INTEGER_RANGE LEVEL_UNKNOWN MEANING_REQUIRED
        NON_POSITIVE NOT_CANONICAL NO_CHANGE NO_RESULTS RESULT_BEFORE_DRAW SERIOUSNESS_MISMATCH
        SUBJECT_REPEATED UNKNOWN_ANALYTE UNKNOWN_ATTESTATION UNKNOWN_FIELD UNKNOWN_MEASUREMENT
        UNKNOWN_TYPE UNKNOWN_UNIT UNKNOWN_ZONE WRONG_STREAM WRONG_UNIT AGE_OUT_OF_TRIAL BAD_FOUNDERS
        BAD_SETTING BAD_STORE BAD_LIMIT BAD_REASON BAD_INTERVALS BAD_COUNTS BAD_FOLLOW_UP
        BAD_HISTORICAL_CONTROL BAD_VISIT_WINDOWS LOT_FAILS_SPECIFICATION DOSE_OUT_OF_TOLERANCE
        ROUTE_NOT_ALLOWED OCCURRED_AT_DIFFERS BAD_INTERVAL BAD_HLA_TYPING BAD_DIGEST
        CONSENT_FORM_UNKNOWN CONSENT_FORM_NOT_CURRENT WITNESS_REQUIRED PII_SUSPECTED GRADE_NOT_IN_TERM
        UNKNOWN_TERM SOC_MISMATCH VERBATIM_REQUIRED TIME_NOT_ON_DAY BAD_AWARENESS AWARENESS_REQUIRED
        RESOLUTION_DATE EXCLUSION_OF_A_DLT BAD_DECISION BAD_ASSUMPTION RECEIVED_BEFORE_DRAW
        SOURCE_REQUIRED ACTION_REQUIRED UNKNOWN_ASSESSMENT END_BEFORE_START BAD_ATTEMPTS""",
    428: "REASON_REQUIRED PRECONDITION_REQUIRED",
    500: """INTERNAL BAD_SEED BAD_PEPPER BAD_SEAL_PARAMETERS BAD_LEAF BAD_ENVELOPE BAD_CHECKPOINT BAD_NOTE
        BAD_VKEY BAD_FRONTIER BAD_INCLUSION_PROOF BAD_CONSISTENCY_PROOF BAD_NOTE_SIGNATURE
        NOTE_NOT_SIGNED_BY_LOG POSITION_GAP ROW_MISMATCH HEAD_MISMATCH SEALED_KEY_ALTERED LEAF_MISSING
        EMPTY_LOG NOT_VALID_THEN CANNOT_FOLD NO_COMMAND BAD_TRUST SECRETS_EXIST SECRETS_EXPOSED
        SECRETS_NOT_DISTINCT""",
    503: """STORE_BUSY STORE_FAILED STORE_UNREADABLE NO_LOG CUSTODY_UNAVAILABLE NO_INSTANCE LOG_UNNAMED
        SECRETS_MISSING SECRETS_DAMAGED NOT_READY PROJECTION_BEHIND STREAM_SLOTS_TAKEN""",
}

STATUS: Final[Mapping[str, int]] = {
    code: status for status, codes in _CODES.items() for code in codes.split()
}

_OF_HTTP: Final[Mapping[int, str]] = {
    400: "MALFORMED",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
}


def title_of(code: str) -> str:
    """Return the short name of a kind of problem, the same each time (RFC 9457 3.1.3)."""
    return code.replace("_", " ").capitalize()


def slug_of(code: str) -> str:
    """Return the code as it stands in the type URI."""
    return code.lower().replace("_", "-")


def code_of(slug: str) -> str | None:
    """Return the code behind a slug if the table has it."""
    code = slug.upper().replace("-", "_")
    return code if code in STATUS and slug == slug.lower() else None


def status_of(error: TrialError) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, IntegrityFinding | CannotVerify):
        return 500
    if (
        isinstance(error, Conflict)
        and error.code == "VERSION_CONFLICT"
        and "version" in error.facts
        and request.headers.get("If-Match")
    ):
        return 412
    return STATUS.get(error.code, 500)


def problem(status: int, code: str, detail: str, facts: Mapping[str, Any] | None = None) -> Response:
    """Return a problem document; facts become members beside the registered ones."""
    members = {
        "type": f"/problems/{slug_of(code)}",
        "title": title_of(code),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id"),
    }
    g.problem = code
    answer = Response(json.dumps({**(facts or {}), **members}), status, content_type=PROBLEM_TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="dosetrail"'
    if status == 503:
        answer.headers["Retry-After"] = "2"
    return answer


def of_trial_error(error: TrialError) -> Response:
    """Render an error of the core."""
    return problem(status_of(error), error.code, error.detail, error.facts)


def of_http_error(error: HTTPException) -> Response:
    """Render what Flask and werkzeug refuse; a redirect passes as it is."""
    if error.code is None or error.code < 400:
        return Response(status=error.code, headers=error.get_headers())
    code = _OF_HTTP.get(error.code, "MALFORMED" if error.code < 500 else "INTERNAL")
    answer = problem(error.code, code, title_of(code).lower())
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer
