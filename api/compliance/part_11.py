"""21 CFR Part 11, clause by clause, in our own words; the text of the rule decides."""

from __future__ import annotations

from typing import Final

from api.compliance.clauses import Clause, Kind

TECHNICAL, PROCEDURAL, MIXED, OPEN = Kind.TECHNICAL, Kind.PROCEDURAL, Kind.MIXED, Kind.OPEN

_CONTROLS_OF_RECORDS: Final = (
    Clause(
        "11.10(a)",
        "The system is validated and can tell an invalid or altered record from a good one.",
        "`dosetrail verify` checks every stored byte, signature, authority and decision and names the"
        " first bad position (core/audit/verify.py).",
        MIXED,
        "test_11_10",
        (
            "an_altered_record_is_found_at_its_position",
            "a_missing_record_is_found",
            "a_swapped_record_is_found",
        ),
        by_people="Validation plan, risk assessment and sign-off: sponsor's quality unit.",
    ),
    Clause(
        "11.10(b)",
        "Accurate and complete copies can be made, readable by people and by programs.",
        "Every event is shown as a sentence with its values and its signature (view `trail`) and "
        "handed out as the exact bytes that were signed (GET /v1/log).",
        MIXED,
        "test_11_10",
        ("every_record_is_readable_as_a_sentence_and_as_its_signed_bytes",),
        by_people="Handing copies over: sponsor.",
        open="One bundle of the whole study that rebuilds the system elsewhere.",
    ),
    Clause(
        "11.10(c)",
        "Records stay protected and retrievable for as long as they are kept.",
        "The store refuses UPDATE and DELETE; every stored form ever used is kept as an approved file"
        " and stays readable (core/store/schema.py, tests/golden).",
        MIXED,
        "test_11_10",
        ("no_statement_changes_or_removes_a_record", "every_stored_form_stays_readable"),
        by_people="Retention schedule, backups and their restoration: who runs the server.",
        open="Retention classes and a legal hold.",
    ),
    Clause(
        "11.10(d)",
        "Only authorised people have access.",
        "Accounts come by two officers' word and end at once; sessions end when idle "
        "(core/trial/people, core/keys/sessions.py).",
        MIXED,
        "test_11_10",
        (
            "who_is_disabled_is_out_at_once",
            "who_was_never_enrolled_is_refused",
            "who_is_idle_is_logged_out",
            "nobody_stays_logged_in_for_longer_than_half_a_day",
        ),
        by_people="Who is to have access, and its periodic review: sponsor and site.",
    ),
    Clause(
        "11.10(e)",
        "A trail made by the system, with times, of who entered, changed or removed what; old values stay.",
        "State is only ever the fold of the log; a correction is a new event with a reason, and times"
        " are the server's own.",
        TECHNICAL,
        "test_11_10",
        (
            "old_values_stay_readable_after_a_correction",
            "a_change_without_a_reason_is_refused",
            "the_time_of_a_record_is_the_servers_own",
            "no_setting_turns_the_trail_off",
        ),
    ),
    Clause(
        "11.10(f)",
        "Steps are taken in the permitted order only.",
        "Deciders refuse what comes out of order: no dose without consent, eligibility, enrolment and"
        " a checked preparation (core/trial/subject).",
        TECHNICAL,
        "test_11_10",
        ("no_dose_without_the_steps_before_it",),
    ),
    Clause(
        "11.10(g)",
        "Authority is checked whenever somebody uses, signs or alters something.",
        "Role, meaning, training and delegation are judged when the record is committed, from the log"
        " alone, and again by verification (core/trial/authority.py).",
        TECHNICAL,
        "test_11_10",
        ("a_role_signs_only_what_it_may", "an_ended_role_signs_nothing", "an_undelegated_duty_is_refused"),
    ),
    Clause(
        "11.10(h)",
        "Where it matters, the source of an input is known and checked.",
        "",
        OPEN,
        "test_11_10",
        open="A register of devices and laboratory interfaces; today the source is the signed-in person.",
        by_people="Qualification of devices: site.",
    ),
    Clause(
        "11.10(i)",
        "Who uses the system is trained for it.",
        "Nobody in a trained role signs without a recorded training that still counts "
        "(core/trial/authority.py).",
        MIXED,
        "test_11_10",
        ("who_is_not_trained_signs_nothing", "an_expired_training_counts_no_more"),
        by_people="The training itself: site and sponsor.",
    ),
    Clause(
        "11.10(j)",
        "Everybody is held accountable, by a written policy, for what is signed in their name.",
        "Nobody signs anything before they have accepted the policy, by its digest, in the log.",
        MIXED,
        "test_11_10",
        ("nobody_signs_before_accepting_the_policy",),
        by_people="The policy's consequences: employer.",
    ),
    Clause(
        "11.10(k)",
        "Documentation of the system is controlled, and so are its changes.",
        "One version in program, interface description and package; every dependency pinned by hash; "
        "a decision names the digest of the code that explains it (api/release.py).",
        MIXED,
        "test_11_10",
        ("one_version_everywhere_and_every_dependency_pinned",),
        by_people="Change control and release approval: who runs the server.",
        open="A release recorded as an event before its first use.",
    ),
    Clause(
        "11.30",
        "Records on an open system are also protected by encryption and digital signatures.",
        "Every record is signed with Ed25519; signing keys are stored only sealed under their owner's"
        " password (core/keys/sealing.py).",
        MIXED,
        "test_11_30",
        ("every_record_carries_a_digital_signature", "no_file_holds_a_signing_key_in_clear"),
        by_people="TLS in front of the server, and disk encryption: who runs the server.",
        open="Encryption of values in the log itself.",
    ),
)

_SIGNATURES: Final = (
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
        "Every row about a signed record shows the signature of its version (projections/view_table.py).",
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
        "A session signs nothing: user id and password are asked at every signing (api/execution.py).",
        TECHNICAL,
        "test_11_200",
        ("a_session_alone_signs_nothing", "a_wrong_password_signs_nothing", "anothers_user_id_signs_nothing"),
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
        "In production a password signs for a year and then has to be changed (core/trial/policy.py).",
        MIXED,
        "test_11_300",
        ("an_old_password_has_to_be_changed",),
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

PART_11: Final[tuple[Clause, ...]] = (*_CONTROLS_OF_RECORDS, *_SIGNATURES, *_COMPONENTS)
