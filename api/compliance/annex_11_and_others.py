"""EU Annex 11 (2011, draft 2025), ICH E6(R3), FDA 2024, EMA 2023, MHRA 2018, in our words.

Only what asks something of the software; the texts themselves decide.
"""

from __future__ import annotations

from typing import Final

from api.compliance.clauses import Clause, Kind

TECHNICAL, PROCEDURAL, MIXED, OPEN = Kind.TECHNICAL, Kind.PROCEDURAL, Kind.MIXED, Kind.OPEN
FILE: Final = "test_annex_11_and_others"

_EU: Final = (
    Clause(
        "Annex 11 6",
        "Critical data entered by hand are checked a second time.",
        "A dose preparation counts once a second pharmacist has checked it; results are held against "
        "plausible ranges.",
        TECHNICAL,
        FILE,
        ("a_preparation_is_checked_by_a_second_person",),
    ),
    Clause(
        "Annex 11 8.2",
        "A print shows whether data were changed after they were first entered.",
        "The register of signatures says of each record what changed it later.",
        TECHNICAL,
        FILE,
        ("a_changed_record_says_so",),
    ),
    Clause(
        "Annex 11 9",
        "Changes and deletions carry a reason; the trail is intelligible and reviewed.",
        "Corrections are refused without code and sentence of a reason; the trail tells each event as"
        " a sentence.",
        MIXED,
        FILE,
        ("the_reason_of_a_change_is_kept",),
        by_people="Review of the trail: monitor and data manager.",
    ),
    Clause(
        "Annex 11 12.4",
        "Who enters, changes, confirms or deletes is logged with date and time, confirmations included.",
        "Source verification, countersignature and review are signed records of their own, tied to versions.",
        TECHNICAL,
        FILE,
        ("a_verification_names_its_items_and_ends_with_their_change",),
    ),
    Clause(
        "Annex 11 14",
        "Electronic signatures bind like handwritten ones, are linked for ever and carry date and time.",
        "The legal sentence of the meaning is frozen under its id, which stands in the signed bytes.",
        TECHNICAL,
        FILE,
        ("a_signature_names_the_sentence_that_binds",),
    ),
    Clause(
        "Annex 11 16",
        "Backups are kept apart and restoring them is tested.",
        "",
        PROCEDURAL,
        FILE,
        by_people="Backups on another machine and drills: who runs the server.",
        open="Backups and restorations as events, and a witness on another host.",
    ),
    Clause(
        "Annex 11 draft 12.2",
        "Who with role, what from and to, when with time zone, and why, for every manual step.",
        "Person, role, values, instant, zone of the site and reason stand in the signed bytes.",
        TECHNICAL,
        FILE,
        ("a_record_says_who_what_when_where_and_why",),
    ),
    Clause(
        "Annex 11 draft 12.6",
        "Nobody reviews the trail of their own work.",
        "A review of a range is refused to whoever signed, verified or countersigned anything in it "
        "(core/trial/quality/reviews.py).",
        TECHNICAL,
        FILE,
        ("nobody_reviews_a_trail_in_which_they_signed",),
    ),
    Clause(
        "Annex 11 draft 13.8",
        "A signed record that is changed later no longer appears as signed.",
        "The signature of the old version stays valid for it and is shown as changed since.",
        TECHNICAL,
        FILE,
        ("a_later_change_leaves_the_old_signature_on_the_old_version",),
    ),
)

_ICH: Final = (
    Clause(
        "ICH E6(R3) 4.2.2(a)",
        "Accounts, roles and access, entries, changes and workflow steps are logged.",
        "People, keys, roles and delegations are events like any other (view `people`).",
        TECHNICAL,
        FILE,
        ("the_register_of_people_can_be_read_as_of_any_position",),
    ),
    Clause(
        "ICH E6(R3) 4.2.2(b)",
        "Trails are not switched off, and changed only in rare, documented cases.",
        "There is no switch and no path of change.",
        TECHNICAL,
        FILE,
        ("an_unknown_setting_is_an_error",),
        open="Destroying the key of leaked personal data, by two people.",
    ),
    Clause(
        "ICH E6(R3) 4.2.2(d)",
        "Dates and times are unambiguous.",
        "Instants are stored in UTC with the site's zone beside them; a time without an offset is refused.",
        TECHNICAL,
        FILE,
        ("a_time_without_an_offset_is_refused",),
    ),
    Clause(
        "ICH E6(R3) 4.2.5",
        "Transfers of data are validated and reconciled.",
        "",
        OPEN,
        FILE,
        open="A transfer manifest with counts.",
    ),
    Clause(
        "ICH E6(R3) 4.3.4(h)",
        "Dose titration is critical and safeguarded.",
        "Each decision is computed from a pinned position by versioned rules and decided again by "
        "verification.",
        TECHNICAL,
        FILE,
        (
            "a_dose_decision_that_the_rules_did_not_make_is_refused",
            "the_decision_that_the_rules_made_is_signed",
        ),
    ),
)

_AGENCIES: Final = (
    Clause(
        "FDA 2024 Q11",
        "There is a register of who had which access when; attempts to log in are limited and recorded.",
        "View `access-register` as of any position; refused log-ins are events.",
        TECHNICAL,
        FILE,
        (
            "a_failed_attempt_is_recorded_and_the_person_is_named",
            "the_register_says_who_held_which_right_when",
        ),
    ),
    Clause(
        "FDA 2024 Q12",
        "The trail cannot be changed or disabled and names user and role.",
        "The role is frozen into each signed record.",
        TECHNICAL,
        FILE,
        ("the_role_of_a_record_stays_after_the_role_has_ended",),
    ),
    Clause(
        "FDA 2024 Q13",
        "A value that an edit check stopped is kept with the prompt and the change.",
        "Each prompt by a check of data is on record: which check, of whom, about which record, when; view "
        "edit-checks links it to what the same person then entered (core/trial/edit_checks.py). No refusal "
        "keeps a submitted value.",
        MIXED,
        FILE,
        ("a_prompt_is_kept_and_linked_to_the_change",),
        by_people="Keeping what was first written down, in the source: the site.",
        open="The value that was stopped is not kept.",
    ),
    Clause(
        "FDA 2024 Q14",
        "The clock is right; discrepancies are told to administrators and documented.",
        "The clock is held against a steady clock, the newest receipt and sources of time; while one "
        "disagrees nobody signs, and that is on record (core/clock_watch.py).",
        MIXED,
        FILE,
        ("nobody_signs_by_a_clock_that_cannot_be_trusted",),
        by_people="Keeping the machine's clock by a time service: who runs the server.",
    ),
    Clause(
        "FDA 2024 Q20",
        "Each data element is tied to who or what originated it.",
        "The signer of the event; a correction names its source, a laboratory result its registered analyser;"
        " the access journal tells the device of each session.",
        MIXED,
        FILE,
        ("a_correction_of_a_dose_names_its_source", "a_result_says_from_which_analyser_it_came"),
        open="The device of a session stands in the access journal, not in each signed statement.",
    ),
    Clause(
        "EMA 2023 4.5",
        "The time of the observation and the time of its storage are both kept.",
        "occurred_at is the person's, recorded_at the server's; an entry that comes late needs a reason.",
        TECHNICAL,
        FILE,
        ("both_times_are_kept_and_the_future_is_refused",),
    ),
    Clause(
        "EMA 2023 6.2.1",
        "The trail covers creation too, per field, live at the data point, and cannot be switched off.",
        "View `trail` shows each field from nothing to its first value and from there on.",
        TECHNICAL,
        FILE,
        ("the_first_value_of_a_field_is_in_the_trail",),
    ),
    Clause(
        "EMA 2023 6.2.2",
        "The trail is reviewed, as risk asks.",
        "A review is a signed record with range, scope, findings and the head of the log that was seen.",
        MIXED,
        FILE,
        ("a_review_of_the_trail_is_a_signed_record",),
        by_people="How often, and of what: monitor and data manager.",
    ),
    Clause(
        "EMA 2023 6.3",
        "The investigator signs off the data, and again what changed afterwards.",
        "The casebook is signed at its heads; a head that moved meanwhile refuses, a locked one stays shut.",
        TECHNICAL,
        FILE,
        ("a_casebook_is_signed_as_it_was_shown", "a_locked_casebook_takes_no_entry"),
    ),
    Clause(
        "EMA 2023 6.12",
        "Data with their trail stay readable with all functions after the system is gone.",
        "",
        OPEN,
        FILE,
        open="A bundle that runs offline.",
    ),
    Clause(
        "MHRA 2018 6.9",
        "Runs of processing can be traced, repeated runs with other parameters too.",
        "A what-if of the dose decision is signed and recorded whether or not anything comes of it.",
        TECHNICAL,
        FILE,
        ("a_simulated_decision_is_on_record",),
    ),
    Clause(
        "MHRA 2018 6.13",
        "Who, what, when and why can be told of every entry.",
        "As Annex 11 draft 12.2; the trail shows each in a field of its own.",
        TECHNICAL,
        FILE,
        ("the_trail_tells_who_what_when_and_why",),
    ),
)

OTHERS: Final[tuple[Clause, ...]] = (*_EU, *_ICH, *_AGENCIES)
