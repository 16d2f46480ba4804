"""21 CFR 11.10 and 11.30, controls of records, clause by clause in our own words; the rule's text decides."""

from __future__ import annotations

from typing import Final

from api.compliance.clauses import Clause, Kind

TECHNICAL, MIXED = Kind.TECHNICAL, Kind.MIXED

RECORDS: Final[tuple[Clause, ...]] = (
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
            "an_inspectors_role_ends_by_a_date",
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
        "Two officers let an analyser, terminal or interface in, one ends it. A result that names an analyser"
        " is refused unless that counts, one that names none where the configuration asks for it. Who signs"
        " in proves the device by its key where the server asks for it (core/trial/devices, api/devices.py).",
        MIXED,
        "test_11_10",
        (
            "a_result_from_an_analyser_that_is_not_registered_is_refused",
            "a_configuration_asks_for_the_analyser",
            "nobody_signs_in_from_a_device_that_is_not_registered",
            "what_began_on_a_device_ends_with_it",
            "the_clock_of_a_device_is_on_record",
        ),
        by_people="Qualification of devices, and asking for them (DOSETRAIL_HTTP_DEVICES_REQUIRED): site.",
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
        "Nobody signs anything before they have accepted the policy, by its digest, in the log; another text"
        " is accepted anew.",
        MIXED,
        "test_11_10",
        (
            "nobody_signs_before_accepting_the_policy",
            "another_policy_is_accepted_before_the_next_signing",
        ),
        by_people="The policy's consequences: employer.",
    ),
    Clause(
        "11.10(k)",
        "Documentation of the system is controlled, and so are its changes.",
        "One version in program, interface description and package; every dependency pinned by hash; "
        "a decision names the digest of the code that explains it (api/release.py). Authority and limits "
        "are data in the log: two officers change them within bounds (core/trial/instance/policy_bounds.py).",
        MIXED,
        "test_11_10",
        (
            "one_version_everywhere_and_every_dependency_pinned",
            "who_signs_what_changes_on_two_officers_word_with_a_reason",
            "no_change_takes_a_control_away",
        ),
        by_people="Change control and release approval: who runs the server.",
        open="A release recorded as an event before its first use.",
    ),
    Clause(
        "11.30",
        "Records on an open system are also protected by encryption and digital signatures.",
        "Every record is signed with Ed25519; people's signing keys are stored only sealed under their"
        " owner's password (core/keys/sealing.py).",
        MIXED,
        "test_11_30",
        ("every_record_carries_a_digital_signature", "no_file_holds_a_signing_key_in_clear"),
        by_people="TLS in front of the server, and disk encryption: who runs the server.",
        open="Encryption of values in the log itself.",
    ),
)
