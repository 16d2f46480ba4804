"""What the compliance tests ask of the product, in one word each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.verification import verify_store
from core.kernel.actors import Role
from core.keys.ed25519 import SigningKey, new_seed
from tests.support.given import Member

if TYPE_CHECKING:
    from core.audit.entry import Entry
    from core.audit.report import Report
    from tests.support.world import World

NEWCOMER = Member("sc.new", "Ren Xin", Role.SC)


def verified(world: World) -> Report:
    """Return what verification says of the log as it stands."""
    return verify_store(world.url, world.trust, workers=0)


def newest(world: World) -> Entry:
    """Return the newest entry of the log."""
    return world.log.entry(world.log.size())


def newcomer(world: World, member: Member = NEWCOMER) -> SigningKey:
    """Propose a person who then has a key, and nothing that counts yet."""
    key = SigningKey(new_seed())
    world.keys[member.id] = key
    world.propose(member, key)
    return key


def proposals(world: World, member: Member) -> tuple[str, ...]:
    """Return the digests of what is proposed about a person."""
    return tuple(one.digest for one in world.trial.people[member.id].proposals)
