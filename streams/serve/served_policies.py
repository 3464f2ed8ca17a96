"""The policies of a server: the one in force now, and those by which its customers were decided."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agents.policies import Policies, PolicyChange
from state.rules.rulebook import Rulebook
from streams.policies.follower import PolicyFollower
from streams.policies.reading import READING_ERRORS
from streams.policy_file import load_rules
from streams.refusal import RefusedError
from streams.settings import Settings

logger = logging.getLogger(__name__)

Made = TypeVar("Made")

_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 1.0


class ServedPolicies:
    """The published policies, which become more while the server runs.

    ``now`` returns the present instant (ms since 1970); None where nobody has told it: then the policy that was
    published last is in force. ``own`` is in force while none can be read. ``refresh`` reads what is published.
    """

    def __init__(
        self,
        policies: Policies,
        own: Rulebook | None,
        now: Callable[[], int | None],
        refresh: Callable[[], Awaitable[None]],
    ) -> None:
        self._policies = policies
        self._own = own
        self._now = now
        self._refresh = refresh
        self._looked_for: dict[bytes, float] = {}

    @property
    def rules(self) -> Rulebook:
        """The rules in force; of a policy that this version cannot read, those before it."""
        effective = [it.policy.rules for it in self._effective() if it.policy.rules is not None]
        known = [it for it in (self._own, *self._policies.rules.values()) if it is not None]
        return effective[-1] if effective else known[0]

    @property
    def silent_since(self) -> int | None:
        """The instant of the last change of which nothing was told (ms since 1970); None: all changes were told."""
        return max((it.at for it in self._effective()[1:] if it.policy.silent), default=None)

    @property
    def every(self) -> list[Rulebook]:
        """The rules of every policy that is known, those in force first."""
        return list(dict.fromkeys((self.rules, *self._policies.rules.values())))

    def rules_at(self, instant: int) -> Rulebook:
        """Return the rules that were in force at an instant (ms since 1970)."""
        found = self._policies.at(instant)
        return self.rules if found is None or found.rules is None else found.rules

    def derived(self, make: Callable[[Rulebook], Made]) -> Callable[[], Made]:
        """Return what returns this of the rules in force, made once for each policy that comes into force."""
        last: tuple[Rulebook, Made] | None = None

        def made() -> Made:
            nonlocal last
            rules = self.rules
            if last is None or last[0] is not rules:
                last = rules, make(rules)
            return last[1]

        return made

    async def rules_of(self, fingerprint: bytes) -> Rulebook | None:
        """Return the rules that a customer was decided by; None if they are not known even when looked for."""
        rules = self._known(fingerprint)
        if rules is None and self._looked_for.get(fingerprint, float("-inf")) < time.monotonic() - _AGAIN_SECONDS:
            # The workers may know of one that was published a moment ago, and nobody waits for the follower then.
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._refresh()
            except (RefusedError, *READING_ERRORS):
                pass  # the follower tells of it
            self._looked_for = {fingerprint: time.monotonic()}
            rules = self._known(fingerprint)
        return rules

    def unreadable(self, fingerprint: bytes) -> str:
        """Return why the published policy with a fingerprint cannot be read; empty if there is none such."""
        ending = f"@{fingerprint.hex()}"
        return next((it.unreadable for it in self._policies.all if it.unreadable and it.version.endswith(ending)), "")

    def _known(self, fingerprint: bytes) -> Rulebook | None:
        if self._own is not None and self._own.fingerprint == fingerprint:
            return self._own
        return self._policies.rules.get(fingerprint)

    def _effective(self) -> list[PolicyChange]:
        """Return the changes that have come into force by now, the last one last."""
        every, now = self._policies.changes(), self._now()
        return every if now is None else [it for it in every if it.at <= now]


async def read_served(settings: Settings, follower: PolicyFollower, now: Callable[[], int | None]) -> ServedPolicies:
    """Return what is published by now; with ``LIFESTAGE_POLICY``, if nothing can be read.

    Raises ``PolicyFileError``, ``RefusedError``.
    """
    try:
        await follower.refresh()
    except READING_ERRORS as error:
        logger.warning("the published policies cannot be read, so LIFESTAGE_POLICY is taken until they can: %s", error)
    policies = follower.policies
    own = None if policies.rules else load_rules(settings.policy)
    return ServedPolicies(policies, own, now, follower.refresh)
