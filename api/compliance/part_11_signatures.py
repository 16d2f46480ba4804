"""21 CFR 11.50 to 11.300, signatures, clause by clause in our own words; the rule's text decides."""

from __future__ import annotations

from typing import Final

from api.compliance.clauses import Clause, Kind

TECHNICAL, PROCEDURAL, MIXED = Kind.TECHNICAL, Kind.PROCEDURAL, Kind.MIXED

_LINKED: Final = (
    Clause(
        "11.50(a)",
        "A signed record shows printed name, date and time, and meaning.",
        "All three stand in the signed bytes, the meaning with its frozen legal sentence "
        "(core/audit/statement.py).",
        TECHNICAL,
        "test_11_50",
        ("name_time_and_meaning_are_signed", "a_role_signs_with_no_other_meaning"),
    ),
    Clause(
        "11.50(b)",
        "The same stands wherever people read the record, under the same control as the record.",
        "Every row about a signed record shows the signature of its version (projections/manifestation.py).",
        TECHNICAL,
        "test_11_50",
        (
            "every_row_shows_name_time_and_meaning",
            "a_table_and_the_interface_show_them_too",
            "a_changed_value_shows_who_changed_it",
        ),
    ),
    Clause(
        "11.70",
        "A signature cannot be cut out of its record, copied or moved to another.",
        "The signature is over origin, environment, stream, version, type, meaning and content; the "
        "tree is over record and signature.",
        TECHNICAL,
        "test_11_70",
        ("a_signature_moved_to_another_record_fails", "a_signature_cut_out_is_missed"),
    ),
    Clause(
        "11.100(a)",
        "A signature belongs to one person and is never given to another.",
        "Ids and keys are used once for ever, whatever became of their owner (core/trial/people/keys.py).",
        TECHNICAL,
        "test_11_100",
        ("an_id_is_never_used_again", "a_key_is_never_used_again"),
    ),
    Clause(
        "11.100(b)",
        "Identity is verified before anybody gets a signature.",
        "No enrolment counts before another person than the owner has recorded how identity was shown.",
        MIXED,
        "test_11_100",
        ("nobody_is_enrolled_before_their_identity_is_verified", "nobody_verifies_their_own_identity"),
        by_people="Looking at the document: registrar.",
    ),
    Clause(
        "11.100(c)",
        "The agency is told that electronic signatures are meant to bind.",
        "",
        PROCEDURAL,
        "test_11_100",
        by_people="The letter of certification to the agency: sponsor.",
        open="Its filing as an event that gates the first signature.",
    ),
)

_COMPONENTS: Final = (
    Clause(
        "11.200(a)(1)",
        "A signature takes two distinct components, such as user id and password.",
        "A session signs nothing: every signing takes user id and password, or the signature of a key of"
        " the signer's own (api/execution.py).",
        MIXED,
        "test_11_200",
        ("a_session_alone_signs_nothing", "a_wrong_password_signs_nothing", "anothers_user_id_signs_nothing"),
        by_people="Who holds a key of their own keeps it under a password, as `dosetrail keys file` does.",
    ),
    Clause(
        "11.200(a)(1)(i)",
        "In a series, the first signing takes all components and each later one at least a personal one.",
        "A series is one ceremony with both components, in which each record gets a signature of its own.",
        TECHNICAL,
        "test_11_200",
        ("each_record_of_a_series_has_its_own_signature",),
    ),
    Clause(
        "11.200(a)(1)(ii)",
        "Signings that are not in one continuous session take all components each time.",
        "Every signing outside a series asks for both again; nothing remembers an opened key.",
        TECHNICAL,
        "test_11_200",
        ("the_next_signing_asks_for_everything_again",),
    ),
    Clause(
        "11.200(a)(2)",
        "Only the owner can use a signature.",
        "The key opens only under the owner's password; neither files nor keys of the server open it.",
        MIXED,
        "test_11_200",
        (
            "keys_of_the_server_sign_for_nobody",
            "every_file_of_the_server_opens_no_key",
            "a_server_that_has_the_files_signs_for_nobody",
        ),
        by_people="Nobody shares a password: every signer.",
    ),
    Clause(
        "11.200(a)(3)",
        "Use by anybody else takes at least two people working together.",
        "Enrolment, new keys and resets are proposed by one officer and approved by another; a reset "
        "destroys the old key (core/trial/people).",
        MIXED,
        "test_11_200",
        (
            "an_administrator_alone_gives_nobody_a_key",
            "a_registrar_alone_gives_nobody_a_key",
            "one_officer_alone_resets_nothing",
        ),
        by_people="Officers do not collude: sponsor.",
    ),
    Clause(
        "11.200(b)",
        "A biometric signature can be used by its owner only.",
        "",
        PROCEDURAL,
        "test_11_200",
        by_people="Not applicable: no biometrics are used.",
    ),
    Clause(
        "11.300(a)",
        "No two people have the same combination of user id and password.",
        "User ids are unique for ever; each seal has its own salt and is bound to its person.",
        TECHNICAL,
        "test_11_300",
        ("the_same_password_of_two_people_opens_two_keys",),
    ),
    Clause(
        "11.300(b)",
        "Passwords are checked, recalled or changed from time to time.",
        "In production a password signs for a year and then has to be changed (core/trial/policy.py); two "
        "officers may ask for less or more.",
        MIXED,
        "test_11_300",
        (
            "an_old_password_has_to_be_changed",
            "the_days_of_a_password_change_on_two_officers_word",
        ),
        by_people="Periodic review of accounts: registrar.",
    ),
    Clause(
        "11.300(c)",
        "What was lost or stolen is deauthorised at once and replaced under control.",
        "A revoked key signs nothing from its position on; earlier signatures keep their verdict, "
        "those in doubt are listed until re-affirmed.",
        MIXED,
        "test_11_300",
        (
            "a_revoked_key_signs_nothing_more",
            "what_it_signed_before_still_verifies",
            "what_a_stolen_key_signed_is_in_doubt_until_its_owner_stands_by_it",
        ),
        by_people="Reporting the loss: owner.",
    ),
    Clause(
        "11.300(d)",
        "Unauthorised use is prevented, found and reported at once.",
        "Refusals are events of their own that outlive the request; too many failed attempts lock a "
        "person out in the same transaction, and view `alerts` tells it.",
        MIXED,
        "test_11_300",
        (
            "a_refused_signing_is_on_record",
            "failed_attempts_lock_a_person_out",
            "a_lock_out_is_an_alert_at_once",
        ),
        by_people="A security unit that acts on alerts: sponsor.",
    ),
    Clause(
        "11.300(e)",
        "Devices that carry or make identification codes are tested.",
        "A key is enrolled only with a proof that its owner holds it, checked again by verification.",
        MIXED,
        "test_11_300",
        ("a_key_without_proof_of_possession_is_refused",),
        by_people="Periodic tests of physical tokens, where there are any: site.",
    ),
)

SIGNATURES: Final[tuple[Clause, ...]] = (*_LINKED, *_COMPONENTS)
