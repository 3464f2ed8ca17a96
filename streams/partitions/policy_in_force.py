"""The policy that is in force for one partition group, and where another takes its place."""

from agents.batch import Position
from agents.commit import GroupState
from agents.policies import Policies, PolicyChange, PublishedPolicy
from state.policy.succession import why_not_after
from streams.partitions.status import GroupStatus


class PolicyInForce:
    """The policy of one partition group, by its number, which only rises, and since when it is in force.

    ``policies`` is None where the state of the groups knows no policy. Everybody who decides before an instant of
    change does so under the policy before it, and who decides after it under the one that follows.
    """

    def __init__(self, policies: Policies | None, state: GroupState, status: GroupStatus) -> None:
        self.number = 0
        self.since = 0
        self._policies = policies
        self._state = state
        self._status = status

    def begin(self, position: Position) -> str:
        """Put in force what the position says; return why that cannot be, empty if it can."""
        self.number, self.since = position.policy, position.policy_at
        if self._policies is None:
            return ""
        if self.number:
            policy = self._policies.numbered(self.number)
        else:
            # A new group, or one whose worker knew no numbers: then its customers may have been decided otherwise.
            policy, self.since = self._policies.at(position.upto), position.upto
        if policy is None:
            last = max((it.number for it in self._policies.all), default=0)
            return (
                f"its customers are decided under policy {self.number}, and the last one published is {last}: the "
                "topic of policies was made anew; bring it back, or use another LIFESTAGE_APP_ID"
            )
        return self._enforce(policy)

    def change_after(self, upto: int) -> PolicyChange | None:
        """Return the next change, at ``upto`` or later, if one is known."""
        return None if self._policies is None else self._policies.after(self.number, upto)

    def limit(self, change: PolicyChange | None, committed: int) -> int | None:
        """Return the instant beyond which nobody is decided for now; None: nothing limits it.

        It is that of the next change, or that until which the published policies are known: what comes later may have
        to be decided under one of which this worker has not heard. ``committed`` is how far the group has come.
        """
        known = None if self._policies is None else self._policies.known_until
        limits = [] if change is None else [change.at]
        if known is not None:
            limits.append(max(known, committed))
        return min(limits, default=None)

    def take(self, change: PolicyChange) -> str:
        """Put another policy in force; return why that cannot be, empty if it can."""
        before = None if self._policies is None else self._policies.numbered(self.number)
        if before is not None and before.rules is not None and change.policy.rules is not None:
            # Publishing refuses it; whoever writes to the topic otherwise must not make figures wrong.
            why_not = why_not_after(before.rules.compiled.policy, change.policy.rules.compiled.policy)
            if why_not:
                return f"customers cannot go from policy {before.number} to policy {change.policy.number}: {why_not}"
        self.since = change.at
        return self._enforce(change.policy)

    def _enforce(self, policy: PublishedPolicy) -> str:
        if policy.rules is None:
            return policy.unreadable
        self.number = policy.number
        self._status.policy, self._status.policy_version = policy.number, policy.version
        # The first policy holds from the beginning: who comes to it was decided without numbers before, not otherwise.
        closes_past = self.number > 1
        self._state.enforce(policy.rules, self.since, silently=policy.silent, closes_past=closes_past)
        return ""
