"""The published policies by number, and which of them is in force at an instant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schemas.policy_record import BEGINNING
from state.rules.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """A policy with its number, and the instant from which on it decides (ms since 1970).

    ``silent``: customers get their standing under it without a message. ``rules`` is None where this version of
    lifestage cannot read it, and ``unreadable`` says why.
    """

    number: int
    version: str
    effective_at: int
    silent: bool
    rules: Rulebook | None
    unreadable: str = ""


class PolicyChange(NamedTuple):
    """The change to another policy at an instant (ms since 1970)."""

    policy: PublishedPolicy
    at: int


class Policies:
    """All published policies. More are added as they are published; none is changed or taken away.

    In force at an instant is the one with the highest number of those that are effective by then. So who publishes an
    earlier instant under a higher number takes back what was to come.
    """

    def __init__(self, published: Iterable[PublishedPolicy] = ()) -> None:
        self.known_until: int | None = None
        """Until this instant (ms since 1970) it is known which one is in force; None: nothing limits that."""
        self._by_number: dict[int, PublishedPolicy] = {}
        self._rules: dict[bytes, Rulebook] = {}
        for it in published:
            self.add(it)

    @property
    def all(self) -> list[PublishedPolicy]:
        """Every policy, in the order of the numbers."""
        return [self._by_number[number] for number in sorted(self._by_number)]

    @property
    def rules(self) -> Mapping[bytes, Rulebook]:
        """The rules of every policy that can be read, by fingerprint; more may appear."""
        return self._rules

    def add(self, policy: PublishedPolicy) -> None:
        """Add a policy, unless its number is known."""
        if policy.number not in self._by_number:
            self._by_number[policy.number] = policy
            if policy.rules is not None:
                self._rules.setdefault(policy.rules.fingerprint, policy.rules)

    def numbered(self, number: int) -> PublishedPolicy | None:
        """Return the policy of a number."""
        return self._by_number.get(number)

    def at(self, instant: int) -> PublishedPolicy | None:
        """Return the policy in force at an instant; None before the first."""
        effective = [it for it in self._by_number.values() if it.effective_at <= instant]
        return max(effective, key=_number, default=None)

    def after(self, number: int, upto: int) -> PolicyChange | None:
        """Return the next change for who is under ``number`` and has decided until ``upto``; None if none is known.

        Who is past the instant of a change changes at ``upto``.
        """
        newer = [it for it in self._by_number.values() if it.number > number]
        past = [it for it in newer if it.effective_at <= upto]
        if past:
            return PolicyChange(max(past, key=_number), upto)
        if not newer:
            return None
        first = min(it.effective_at for it in newer)
        return PolicyChange(max((it for it in newer if it.effective_at == first), key=_number), first)

    def changes(self) -> list[PolicyChange]:
        """Return which policies take effect, and when, for who decides from the beginning; none if there is none."""
        policy, at = self.at(BEGINNING), BEGINNING
        found: list[PolicyChange] = []
        while policy is not None:
            found.append(PolicyChange(policy, at))
            change = self.after(policy.number, at)
            policy, at = (None, at) if change is None else change
        return found


def _number(policy: PublishedPolicy) -> int:
    return policy.number
