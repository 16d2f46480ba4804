"""Sealed keys of people: invited, changed, rotated, reset; no step gives an officer a key that signs."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from api.credentials import destroy_ended_seeds
from api.service import EXTENSION
from api.wiring import CUSTODY, open_instance
from core.kernel.errors import Refused, Unavailable
from core.keys.custody import Custody
from core.keys.sealing import open_seed
from core.keys.unlock import Unlocker
from tests.http import forms
from tests.http.desk import refused
from tests.http.training import password_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.http.desk import Desk

NEWCOMER, CHOSEN = "si.gao", "a password that nobody else knows"
SC, OFFICER, REGISTRAR = "sc.liu", "jun.xu", "mei.lin"
CHANGES = f"/v1/people/{SC}/password-changes"
NEW = "another pa\u00dfword of Liu Yan"
WHY = {"code": "lost", "text": "the person has lost it"}


# -- how the stories are told ----------------------------------------------------------------------------


def invitation(desk: Desk, person: str = NEWCOMER) -> str:
    answer = desk.client.post("/v1/invitations", json={"person": person}, headers=desk.bearer(OFFICER))
    assert answer.status_code == 201, answer.text
    code: str = answer.json["code"]
    return code


def request_key(desk: Desk, code: str, person: str = NEWCOMER, password: str = CHOSEN) -> Any:
    asked = {"person": person, "code": code, "password": password}
    return desk.client.post("/v1/key-requests", json=asked)


def sign_in(desk: Desk, person: str, password: str, role: str) -> Any:
    return desk.client.post("/v1/sessions", json={"person": person, "password": password, "role": role})


def active_key(desk: Desk, person: str = SC) -> str | None:
    return desk.instance.log.active_key_of(person)


def change(desk: Desk, old: str = password_of(SC), new: Any = NEW, **changes: Any) -> Any:
    signing = {"person": SC, "password": old, "new_password": new}
    signing = {name: value for name, value in signing.items() if value is not ...}
    return desk.post(SC, CHANGES, {"key": active_key(desk)}, f"person/{SC}", signing=signing, **changes)


def reset(desk: Desk, person: str = SC) -> str:
    """Let two officers destroy the person's key; return it."""
    key, stream = active_key(desk, person), f"person/{person}"
    assert key is not None
    desk.done(OFFICER, f"/v1/people/{person}/credential-resets", {"key": key}, stream, reason=WHY)
    approve(desk, person)
    return key


def approve(desk: Desk, person: str) -> None:
    with desk.instance.log.lock:
        covers = [p.digest for p in desk.instance.log.trial.people[person].proposals]
    desk.done(REGISTRAR, f"/v1/people/{person}/approvals", {"covers": covers}, f"person/{person}")


def kept(desk: Desk, person: str = SC) -> set[str]:
    return {key for owner, key in desk.instance.custody.kept() if owner == person}


def opens(desk: Desk, password: str, person: str = SC) -> str:
    """Return whether the password opens a key that counts, else the code that says why not."""
    try:
        return desk.instance.unlocker.open(person, password).key_id
    except Refused as error:
        return error.code


def crash(*_: object) -> None:
    raise Unavailable("CUSTODY_UNAVAILABLE", "the disk is full")


# -- invitation ------------------------------------------------------------------------------------------


def test_an_invited_person_comes_to_sign_and_no_officer_ever_saw_the_password(desk: Desk) -> None:
    code = invitation(desk)
    answer = request_key(desk, code)
    assert answer.status_code == 201, answer.text
    newcomer = {"name": "Gao Lan", "organisation": "RenJi", "role": "SI"}
    desk.done(OFFICER, "/v1/people", {**newcomer, **answer.json})
    stream, path = f"person/{NEWCOMER}", f"/v1/people/{NEWCOMER}"
    assert sign_in(desk, NEWCOMER, CHOSEN, "SI").status_code == 401
    seen = {"evidence": "passport", "document": None}
    desk.done(REGISTRAR, f"{path}/identity-verifications", seen, stream)
    approve(desk, NEWCOMER)
    token = sign_in(desk, NEWCOMER, CHOSEN, "SI").json["token"]
    desk.tokens[NEWCOMER] = token, desk.clock()
    with desk.instance.log.lock:
        policy = desk.instance.log.trial.instance.accountability
    assert policy is not None
    signing = {"person": NEWCOMER, "password": CHOSEN}
    accepted = {"policy": policy.id, "digest": policy.digest}
    desk.done(NEWCOMER, f"{path}/policy-acceptances", accepted, stream, signing=signing)
    for secret in (code, CHOSEN):
        for file in desk.instance.folder.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes()


def test_a_refused_code_is_one_refusal_of_one_duration(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    service = desk.app.extensions[EXTENSION]
    settings = replace(service.settings, refused_sign_in_seconds=0.4)
    desk.app.extensions[EXTENSION] = replace(service, settings=settings)
    slept: list[float] = []
    monkeypatch.setattr("api.routes.credentials.time.sleep", slept.append)
    before = desk.instance.custody.kept()
    replaced, used = invitation(desk), invitation(desk)
    assert request_key(desk, used).status_code == 201
    after = desk.instance.custody.kept()
    expired = invitation(desk, "dm.shen")
    desk.clock.advance_to(desk.clock() + timedelta(hours=72))
    bodies = set()
    for person, code in (
        (NEWCOMER, replaced),
        (NEWCOMER, used),
        (NEWCOMER, ""),
        ("nobody.known", used),
        ("nobody.known", ""),
        ("dm.shen", expired),
        ("dm.shen", "x" * 1000),
        (SC, used),
    ):
        problem = refused(request_key(desk, code, person), 403, "INVITATION_REFUSED")
        bodies.add(tuple(sorted((k, v) for k, v in problem.items() if k != "request_id")))
    assert len(bodies) == 1
    assert len(slept) == 8
    assert all(0.2 < seconds <= 0.4 for seconds in slept)
    assert desk.instance.custody.kept() == after
    assert len(after) == len(before) + 1


def test_a_code_is_good_until_72_hours_have_passed(desk: Desk) -> None:
    code = invitation(desk)
    desk.clock.advance_to(desk.clock() + timedelta(hours=72) - timedelta(milliseconds=1))
    assert request_key(desk, code).status_code == 201


def test_a_weak_password_tells_nothing_of_the_code_and_does_not_use_it_up(desk: Desk) -> None:
    code = invitation(desk)
    for tried in (code, "wrong"):
        refused(request_key(desk, tried, password="x" * 1025), 422, "WEAK_PASSWORD")
    assert request_key(desk, code).status_code == 201


def test_a_code_seals_one_key_however_many_come_at_once(desk: Desk) -> None:
    code = invitation(desk)
    instance, created = desk.instance, desk.instance.log.entry(1).payload
    now = instance.clock()
    sealed = [instance.sealed_new_key(NEWCOMER, CHOSEN, created.environment)[1] for _ in range(2)]
    instance.invitations.require(NEWCOMER, code, now)
    instance.invitations.redeem(code, sealed[0], now)
    with pytest.raises(Refused, match="INVITATION_REFUSED"):
        instance.invitations.redeem(code, sealed[1], now)
    assert kept(desk, NEWCOMER) == {sealed[0].key_id}


def test_a_crash_while_a_key_is_sealed_leaves_the_code_as_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = invitation(desk)
    with monkeypatch.context() as patch:
        patch.setattr(Custody, "put_within", crash)
        refused(request_key(desk, code), 503, "CUSTODY_UNAVAILABLE")
    assert kept(desk, NEWCOMER) == set()
    assert request_key(desk, code).status_code == 201


@pytest.mark.parametrize("who", [SC, REGISTRAR, "pi.chen"])
def test_only_an_administrator_invites(desk: Desk, who: str) -> None:
    answer = desk.client.post("/v1/invitations", json={"person": NEWCOMER}, headers=desk.bearer(who))
    refused(answer, 403, "NOT_AUTHORISED")
    assert desk.newest().code == "NOT_AUTHORISED"
    assert desk.client.post("/v1/invitations", json={"person": NEWCOMER}).status_code == 401


def test_who_has_a_key_is_not_invited(desk: Desk) -> None:
    answer = desk.client.post("/v1/invitations", json={"person": SC}, headers=desk.bearer(OFFICER))
    refused(answer, 409, "KEY_ACTIVE")


def journal_of(desk: Desk, person: str = NEWCOMER) -> list[tuple[str, str | None]]:
    rows = desk.get("au.gao", "/v1/access-journal").json["rows"]
    return [(row["what"], row["by"]) for row in rows if row["person"] == person]


def test_every_invitation_stands_in_the_journal_until_it_is_used(desk: Desk) -> None:
    code = invitation(desk)
    (shown,) = desk.get(REGISTRAR, "/v1/invitations").json["invitations"]
    assert (shown["person"], shown["invited_by"]) == (NEWCOMER, OFFICER)
    assert code not in str(shown)
    assert request_key(desk, code).status_code == 201
    assert desk.get(OFFICER, "/v1/invitations").json == {"invitations": []}
    assert journal_of(desk) == [("invited", OFFICER), ("invitation used", None)]


def test_a_withdrawn_invitation_opens_nothing(desk: Desk) -> None:
    code, path = invitation(desk), f"/v1/invitations/{NEWCOMER}"
    assert desk.client.delete(path, headers=desk.bearer(REGISTRAR)).status_code == 204
    refused(request_key(desk, code), 403, "INVITATION_REFUSED")
    refused(desk.client.delete(path, headers=desk.bearer(REGISTRAR)), 404, "UNKNOWN_INVITATION")
    assert journal_of(desk) == [("invited", OFFICER), ("invitation withdrawn", REGISTRAR)]


def test_an_invitation_that_has_run_out_is_noted_once(desk: Desk) -> None:
    code = invitation(desk)
    desk.clock.advance_to(desk.clock() + timedelta(hours=72))
    assert desk.get(OFFICER, "/v1/invitations").json == {"invitations": []}
    refused(request_key(desk, code), 403, "INVITATION_REFUSED")
    assert journal_of(desk) == [("invited", OFFICER), ("invitation expired", None)]


@pytest.mark.parametrize("who", [SC, "pi.chen", "au.gao"])
def test_officers_alone_see_and_withdraw_invitations(desk: Desk, who: str) -> None:
    refused(desk.get(who, "/v1/invitations"), 403, "NOT_AUTHORISED")
    path = f"/v1/invitations/{NEWCOMER}"
    refused(desk.client.delete(path, headers=desk.bearer(who)), 403, "NOT_AUTHORISED")


def test_one_next_key_waits_at_a_time(desk: Desk) -> None:
    path, counts = f"/v1/people/{SC}/sealed-keys", active_key(desk)
    for _ in range(3):
        asked = {"password": password_of(SC), "new_password": NEW}
        answer = desk.client.post(path, json=asked, headers=desk.bearer(SC))
        assert answer.status_code == 201, answer.text
    assert kept(desk) == {counts, answer.json["key"]}


def test_a_key_that_an_officer_proposed_waits_on_whoever_is_invited_again(desk: Desk) -> None:
    first = request_key(desk, invitation(desk)).json
    desk.done(OFFICER, "/v1/people", {"name": "Gao Lan", "organisation": "RenJi", "role": "SI", **first})
    second = request_key(desk, invitation(desk)).json
    assert kept(desk, NEWCOMER) == {first["key"], second["key"]}


# -- another password ------------------------------------------------------------------------------------


def test_a_change_of_password_is_signed_with_the_old_one_and_ends_other_sessions(desk: Desk) -> None:
    elsewhere = sign_in(desk, SC, password_of(SC), "SC").json["token"]
    key, signing = active_key(desk), {"person": SC, "password": password_of(SC), "new_password": NEW}
    desk.done(SC, CHANGES, {"key": key}, f"person/{SC}", signing=signing)
    assert desk.newest().TOPIC == "people.PasswordChanged/1"
    assert opens(desk, password_of(SC)) == "WRONG_PASSWORD"
    assert opens(desk, NEW) == key
    headers = {"Authorization": f"Bearer {elsewhere}"}
    refused(desk.client.get("/v1/subjects", headers=headers), 401, "NOT_SIGNED_IN")
    assert desk.get(SC, "/v1/subjects").status_code == 200
    refused(sign_in(desk, SC, password_of(SC), "SC"), 401, "SIGN_IN_FAILED")
    assert sign_in(desk, SC, NEW, "SC").status_code == 201


@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        (password_of(SC), password_of(SC), 422, "SAME_PASSWORD"),
        (password_of(SC), password_of(SC).replace("e", "\uff45"), 422, "SAME_PASSWORD"),
        (password_of(SC), "", 422, "WEAK_PASSWORD"),
        (password_of(SC), "x" * 1025, 422, "WEAK_PASSWORD"),
        (password_of(SC), ..., 422, "NEW_PASSWORD_MISPLACED"),
        ("wrong", NEW, 401, "WRONG_PASSWORD"),
        (NEW, password_of(SC), 401, "WRONG_PASSWORD"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(
    desk: Desk, old: str, new: Any, status: int, code: str
) -> None:
    key = active_key(desk)
    refused(change(desk, old, new), status, code)
    assert "PasswordChanged" not in type(desk.newest()).__name__
    assert opens(desk, password_of(SC)) == key


def test_a_new_password_belongs_to_a_change_of_password(desk: Desk) -> None:
    signing = {"person": SC, "password": password_of(SC), "new_password": NEW}
    answer = desk.post(SC, "/v1/subjects/S001/screenings", forms.screening(), signing=signing)
    refused(answer, 422, "NEW_PASSWORD_MISPLACED")


def test_a_crash_behind_the_event_leaves_the_old_password_and_the_same_request_completes_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, stream = active_key(desk), f"person/{SC}"
    headers = desk.headers(SC, stream)
    signing = {"person": SC, "password": password_of(SC), "new_password": NEW}
    order = desk.order(SC, {"key": key}, signing=signing)

    with monkeypatch.context() as patch:
        patch.setattr(Custody, "replace", crash)
        refused(desk.sign(CHANGES, order, headers), 503, "CUSTODY_UNAVAILABLE")
    assert desk.newest().TOPIC == "people.PasswordChanged/1"
    assert (opens(desk, password_of(SC)), opens(desk, NEW)) == (key, "WRONG_PASSWORD")
    size = desk.size
    assert desk.client.post(CHANGES, json=order, headers=headers).status_code == 200
    assert desk.size == size
    assert (opens(desk, password_of(SC)), opens(desk, NEW)) == ("WRONG_PASSWORD", key)


@pytest.mark.parametrize("later", [False, True])
def test_a_change_that_is_complete_is_no_way_to_another_password(desk: Desk, *, later: bool) -> None:
    """Each password has its event: 21 CFR 11.10(e). Also where a later change has overtaken the first."""
    key, headers, now = active_key(desk), desk.headers(SC, f"person/{SC}"), NEW
    signing = {"person": SC, "password": password_of(SC), "new_password": NEW}
    order = desk.order(SC, {"key": key}, signing=signing)
    assert desk.sign(CHANGES, order, headers).status_code == 201
    if later:
        now = "a later password"
        assert change(desk, NEW, now).status_code == 201
    again = {**order, "signing": {**signing, "password": now, "new_password": "without an event"}}
    refused(desk.client.post(CHANGES, json=again, headers=headers), 401, "WRONG_PASSWORD")
    assert opens(desk, now) == key
    assert opens(desk, "without an event") == "WRONG_PASSWORD"


def test_of_two_changes_at_once_the_second_says_that_it_did_not_count(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_seed = Custody.replace

    def faster(custody: Custody, opened: Any, resealed: Any, txn: str) -> None:
        other = desk.instance.unlocker.resealed(SC, password_of(SC), "the faster one")
        replace_seed(custody, *other, desk.txn())
        replace_seed(custody, opened, resealed, txn)

    monkeypatch.setattr(Custody, "replace", faster)
    refused(change(desk), 409, "VERSION_CONFLICT")
    assert opens(desk, "the faster one") == active_key(desk)


def test_whoever_knows_the_new_password_only_does_not_renew_it(desk: Desk) -> None:
    """The age of a password is not reset by asking again with a wrong old one."""
    assert change(desk).status_code == 201
    refused(change(desk, "wrong", NEW), 401, "WRONG_PASSWORD")


# -- rotation --------------------------------------------------------------------------------------------


def next_key(desk: Desk, person: str = SC, password: str = password_of(SC), new: str = NEW) -> Any:
    path = f"/v1/people/{person}/sealed-keys"
    return desk.client.post(path, json={"password": password, "new_password": new}, headers=desk.bearer(SC))


def ask_rotation(desk: Desk, old: str | None, next_one: Any, password: str = password_of(SC)) -> Any:
    rotation = {"old": old, "key": next_one["key"], "proof": next_one["proof"]}
    signing = {"person": SC, "password": password}
    return desk.post(SC, f"/v1/people/{SC}/key-rotations", rotation, f"person/{SC}", signing=signing)


def rotate(desk: Desk, old: str | None, next_one: Any, password: str = password_of(SC)) -> None:
    assert ask_rotation(desk, old, next_one, password).status_code == 201


def test_a_sealed_key_is_rotated_and_the_old_seed_is_destroyed(desk: Desk) -> None:
    old = active_key(desk)
    following = next_key(desk).json
    assert active_key(desk) == old
    other = desk.client.post("/v1/sessions", json={"person": SC, "password": password_of(SC), "role": "SC"})
    rotate(desk, old, following)
    assert opens(desk, NEW) == following["key"] == active_key(desk)
    assert opens(desk, password_of(SC)) == "WRONG_PASSWORD"
    assert kept(desk) == {following["key"]}
    signing = {"person": SC, "password": NEW}
    screened = desk.post(SC, "/v1/subjects/S001/screenings", forms.screening(), signing=signing)
    assert screened.status_code == 201
    ended = {"Authorization": f"Bearer {other.json['token']}"}
    refused(desk.client.get("/v1/subjects", headers=ended), 401, "NOT_SIGNED_IN")


def test_no_password_outlives_a_rotation(desk: Desk) -> None:
    old = active_key(desk)
    refused(next_key(desk, new=password_of(SC)), 422, "SAME_PASSWORD")
    assert kept(desk) == {old}
    following = next_key(desk).json
    assert change(desk).status_code == 201
    refused(ask_rotation(desk, old, following, NEW), 422, "SAME_PASSWORD")
    assert active_key(desk) == old


def test_a_rotation_by_a_stolen_key_falls_with_it_in_custody_too(desk: Desk) -> None:
    old, following = active_key(desk), next_key(desk).json
    rotate(desk, old, following)
    stolen = {"key": old, "suspected_from": desk.size}
    desk.done("mei.lin", f"/v1/people/{SC}/key-compromises", stolen, f"person/{SC}", reason=WHY)
    assert active_key(desk) is None
    assert kept(desk) == set()
    assert opens(desk, NEW) == "NO_SEALED_KEY"
    refused(desk.client.get("/v1/subjects", headers=desk.bearer(SC)), 401, "NOT_SIGNED_IN")


def test_the_next_key_is_sealed_for_oneself_with_ones_password(desk: Desk) -> None:
    refused(next_key(desk, "pi.chen"), 403, "SOD_VIOLATION")
    refused(next_key(desk, password="wrong"), 401, "WRONG_PASSWORD")
    assert desk.newest().code == "WRONG_PASSWORD"
    assert len(kept(desk)) == 1


def test_a_crash_before_the_rotation_leaves_the_old_key(desk: Desk) -> None:
    old = active_key(desk)
    next_key(desk)
    assert opens(desk, password_of(SC)) == old
    destroy_ended_seeds(desk.instance.log, desk.instance.custody)
    assert opens(desk, password_of(SC)) == old


def test_a_crash_behind_the_rotation_leaves_a_seed_that_opens_nothing_until_the_next_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, following = active_key(desk), next_key(desk).json
    with monkeypatch.context() as patch:
        patch.setattr(Custody, "destroy", crash)
        rotate(desk, old, following)
    assert kept(desk) == {old, following["key"]}
    assert opens(desk, NEW) == following["key"]
    open_instance(f"sqlite:///{desk.instance.folder}", desk.clock).close()
    assert kept(desk) == {following["key"]}


# -- reset, revocation, compromise ------------------------------------------------------------------------


def revoke(desk: Desk) -> str:
    key = active_key(desk)
    desk.done(OFFICER, f"/v1/people/{SC}/key-revocations", {"key": key}, f"person/{SC}", reason=WHY)
    return str(key)


def declare_compromise(desk: Desk) -> str:
    key = active_key(desk)
    compromise = {"key": key, "suspected_from": 1}
    desk.done(OFFICER, f"/v1/people/{SC}/key-compromises", compromise, f"person/{SC}", reason=WHY)
    return str(key)


ENDINGS = [reset, revoke, declare_compromise]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_key_that_two_officers_or_one_have_ended_is_destroyed(
    desk: Desk, ending: Callable[[Desk], str]
) -> None:
    session = desk.bearer(SC)
    ending(desk)
    assert kept(desk) == set()
    assert opens(desk, password_of(SC)) == "NO_SEALED_KEY"
    refused(desk.client.get("/v1/subjects", headers=session), 401, "NOT_SIGNED_IN")
    refused(sign_in(desk, SC, password_of(SC), "SC"), 401, "SIGN_IN_FAILED")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_crash_left_is_destroyed_at_the_next_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, ending: Callable[[Desk], str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Custody, "destroy", crash)
        key = ending(desk)
    assert kept(desk) == {key}
    assert opens(desk, password_of(SC)) == "NO_SEALED_KEY"
    with closing(open_instance(f"sqlite:///{desk.instance.folder}", desk.clock)) as again:
        assert key not in {kept_key for _, kept_key in again.custody.kept()}
    assert kept(desk) == set()


def test_a_proposed_reset_destroys_nothing(desk: Desk) -> None:
    key = {"key": active_key(desk)}
    desk.done(OFFICER, f"/v1/people/{SC}/credential-resets", key, f"person/{SC}", reason=WHY)
    assert opens(desk, password_of(SC)) == active_key(desk)


# -- who tries to sign for somebody else -------------------------------------------------------------------


def test_the_old_blob_from_a_backup_opens_nothing_that_counts(desk: Desk, tmp_path: Any) -> None:
    backup, now = tmp_path / "backup.sqlite", desk.instance.folder / CUSTODY
    desk.instance.custody_file.forget_old_pages()
    shutil.copy(now, backup)
    reset(desk)
    desk.instance.custody_file.close()
    shutil.copy(backup, now)
    now.chmod(0o600)
    with closing(open_instance(f"sqlite:///{desk.instance.folder}", desk.clock)) as again:
        with pytest.raises(Refused, match="NO_SEALED_KEY"):
            again.unlocker.open(SC, password_of(SC))
        assert SC not in {person for person, _ in again.custody.kept()}
    shutil.copy(backup, now)  # and even opened past the server, it does not count
    with closing(sqlite3.connect(now)) as file:
        assert file.execute("SELECT count(*) FROM sealed_seed WHERE person = ?", (SC,)).fetchone() == (1,)


def test_an_old_backup_with_its_old_password_and_the_pepper_is_the_key_until_it_is_rotated(
    desk: Desk,
) -> None:
    """A limit, said in the README: the seed stays the same when only the password changes."""
    old = desk.instance.custody.sealed_for(SC)
    assert old is not None
    assert change(desk).status_code == 201
    pepper = desk.instance.secrets.pepper
    copied = open_seed(old, password_of(SC), pepper).key_id
    assert copied == active_key(desk)
    with pytest.raises(Refused, match="WRONG_PASSWORD"):
        open_seed(old, password_of(SC), bytes(32))
    rotate(desk, copied, next_key(desk, password=NEW, new="yet another one").json, NEW)
    assert copied != active_key(desk) == opens(desk, "yet another one")


def test_an_officer_who_resets_and_seals_a_key_of_their_own_signs_for_nobody(desk: Desk) -> None:
    """Who invites knows the code; what they seal counts only once another officer approved it."""
    reset(desk)
    sealed = request_key(desk, invitation(desk, SC), SC, "known to the administrator").json
    assert opens(desk, "known to the administrator") == "NO_SEALED_KEY"
    refused(sign_in(desk, SC, "known to the administrator", "SC"), 401, "SIGN_IN_FAILED")
    proposed = {"key": sealed["key"], "proof": sealed["proof"]}
    desk.done(OFFICER, f"/v1/people/{SC}/key-proposals", proposed, f"person/{SC}")
    assert opens(desk, "known to the administrator") == "NO_SEALED_KEY"
    with desk.instance.log.lock:
        covers = [p.digest for p in desk.instance.log.trial.people[SC].proposals]
    answer = desk.post(OFFICER, f"/v1/people/{SC}/approvals", {"covers": covers}, f"person/{SC}")
    refused(answer, 403, "NOT_AUTHORISED")


def test_a_blob_that_is_moved_to_another_person_opens_nothing(desk: Desk) -> None:
    mine = desk.instance.custody.sealed_for(OFFICER)
    assert mine is not None
    moved = replace(mine, person=SC)
    with pytest.raises(Refused, match="WRONG_PASSWORD"):
        open_seed(moved, password_of(OFFICER), desk.instance.secrets.pepper)


def test_another_pepper_opens_nothing(desk: Desk) -> None:
    unlocker = Unlocker(desk.instance.custody, bytes(32), desk.instance.log.active_key_of)
    with pytest.raises(Refused, match="WRONG_PASSWORD"):
        unlocker.open(SC, password_of(SC))
