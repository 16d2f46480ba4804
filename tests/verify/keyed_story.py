"""A generated trial in which keys are rotated, revoked, reset, compromised, and signatures re-affirmed."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from core.kernel.errors import TrialError
from core.keys.ed25519 import SigningKey, new_seed
from core.keys.possession import prove_possession
from core.rules.quantities import Sex
from core.trial.people.commands import (
    ApproveEnrolment,
    DeclareKeyCompromise,
    ProposeCredentialReset,
    ProposeSigningKey,
    ReaffirmSignatures,
    RevokeSigningKey,
    RotateSigningKey,
)
from core.trial.people.signature_states import doubtful_signatures
from core.trial.subject.commands import CorrectScreening
from core.trial.subject.field_change import FieldChange
from tests.support.enrolment import identity
from tests.support.given import ADM, ORIGIN, SC, SC2, SEC, screening

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.trial.catalogue import Command
    from tests.support.given import Member
    from tests.support.world import World

WHY = "as the case may be"


class KeyedStory:
    """Takes steps at random; each is a real command of a real person, and some are refused."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.dice = Random(seed)  # noqa: S311 - a story, no secret
        self.keys = dict(world.keys)
        self.subjects: list[str] = []
        self.done: dict[str, int] = {}
        self.steps: tuple[Callable[[Member], None], ...] = (
            *[self.enter] * 3,
            *[self.correct] * 6,
            self.rotate,
            self.revoke,
            self.reset,
            *[self.compromise] * 2,
            *[self.reaffirm] * 4,
        )

    def wander(self, steps: int) -> None:
        """Take some steps."""
        for _ in range(steps):
            member = self.dice.choice((SC, SC2))
            self.renew(member)
            step = self.dice.choice(self.steps)
            step(member)

    def _do(self, command: Command, member: Member) -> bool:
        try:
            self.world.do(command, member, key=self.keys[member.id], reason=WHY)
        except TrialError:
            return False
        kind = type(command).__name__
        self.done[kind] = self.done.get(kind, 0) + 1
        return True

    def _active(self, member: Member) -> str | None:
        return self.world.trial.people[member.id].active_key

    def _new_key(self, member: Member) -> tuple[SigningKey, str]:
        key = SigningKey(new_seed())
        return key, prove_possession(key, ORIGIN, member.id)

    def enter(self, member: Member) -> None:
        """Screen somebody new."""
        subject = self.world.consented(f"K{len(self.subjects):02d}")
        if self._do(screening(subject), member):
            self.subjects.append(subject)

    def correct(self, member: Member) -> None:
        """Correct the sex or the age of somebody, perhaps by somebody else than who entered it."""
        if not self.subjects:
            return
        subject = self.dice.choice(self.subjects)
        stands = self.world.trial.subjects[subject].screened
        assert stands is not None
        age, female = stands.age_years, stands.sex is Sex.FEMALE
        change = self.dice.choice(
            (
                FieldChange("age_years", age, 20 + (age + 1) % 40),
                FieldChange("sex", str(stands.sex), str(Sex.MALE if female else Sex.FEMALE)),
            )
        )
        self._do(CorrectScreening(subject, (change,), "ward book"), member)

    def rotate(self, member: Member) -> None:
        """Replace a key by its owner's own hand."""
        key, proof = self._new_key(member)
        old = self._active(member)
        assert old is not None
        if self._do(RotateSigningKey(member.id, old, key.key_id, proof), member):
            self.keys[member.id] = key

    def revoke(self, member: Member) -> None:
        """Let an officer revoke the key."""
        self._do(RevokeSigningKey(member.id, self._active(member) or ""), SEC)

    def reset(self, member: Member) -> None:
        """Let two officers destroy a key."""
        if self._do(ProposeCredentialReset(member.id, self._active(member) or ""), ADM):
            self._approve(member)

    def compromise(self, member: Member) -> None:
        """Declare one of the person's keys, perhaps an ended one, to have been stolen at some position."""
        person = self.world.trial.people[member.id]
        held = self.dice.choice(person.keys)
        since = self.dice.randint(held.since, held.until or self.world.trial.position)
        self._do(DeclareKeyCompromise(member.id, held.what, since), SEC)

    def reaffirm(self, member: Member) -> None:
        """Let the person stand by some of what is in doubt."""
        trial = self.world.trial
        acts = doubtful_signatures(trial.people[member.id], trial.acts.get(member.id))
        doubtful = sorted(act.digest for act in acts)
        chosen = self.dice.sample(doubtful, self.dice.randint(1, len(doubtful))) if doubtful else []
        if chosen:
            self._do(ReaffirmSignatures(member.id, tuple(chosen)), member)

    def renew(self, member: Member) -> None:
        """Give a person without a key a new one, on two officers' word."""
        if self._active(member) is not None:
            return
        key, proof = self._new_key(member)
        assert self._do(ProposeSigningKey(member.id, key.key_id, proof), ADM)
        if self.world.trial.people[member.id].identity_verified_by is None:
            assert self._do(identity(member.id), SEC)
        self._approve(member)
        self.keys[member.id] = key

    def _approve(self, member: Member) -> None:
        covers = tuple(p.digest for p in self.world.trial.people[member.id].proposals)
        assert self._do(ApproveEnrolment(member.id, covers), SEC)
