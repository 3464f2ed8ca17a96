"""The policies of a backtest: one, several from files, or those that were published."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

from schemas.instant import to_text
from schemas.policy_record import decode
from state.policy.succession import why_not_after
from streams.backtest.later_policies import LaterPolicy
from streams.cli.failure import UnreachableError, settings_or_fail
from streams.cli.policy_for import policy_for
from streams.policy_file import compile_file
from streams.topic_reader import TopicUnreadableError

Dated = Sequence[tuple[int, Path]]
"""Files of policies with the instants (ms since 1970) after which they decide."""


class PolicyHistory(NamedTuple):
    """The file of the first policy (None: of the one that ships), and those that follow in the order of instants."""

    first: Path | None
    later: tuple[LaterPolicy, ...] = ()


@contextmanager
def policy_history(
    policy: Path | None, then: Dated, then_silently: Dated, *, published: bool, mapping: str | None
) -> Iterator[PolicyHistory]:
    """Yield what the options ask for, for the length of the block. Raises ``PolicyFileError``, ``ClickException``."""
    if published:
        if policy is not None or then or then_silently:
            raise click.UsageError("--published takes all policies from the topic: leave out --policy and --then")
        with TemporaryDirectory(prefix="lifestage-") as folder:
            yield _checked(_published(Path(folder)))
        return
    later = [LaterPolicy(at, file) for at, file in then]
    later += [LaterPolicy(at, file, silently=True) for at, file in then_silently]
    instants = [it.at for it in later]
    if twice := next((it for it in instants if instants.count(it) > 1), None):
        raise click.UsageError(f"two policies follow at {to_text(twice)}: give one of them another instant")
    with policy_for(policy, mapping) as path:
        yield _checked(PolicyHistory(path, tuple(sorted(later))))


def _checked(history: PolicyHistory) -> PolicyHistory:
    before = compile_file(history.first).policy if history.later else None
    for it in history.later:
        after = compile_file(it.file).policy
        if before is not None and (why_not := why_not_after(before, after)):
            raise click.ClickException(f"customers cannot go to the policy of {to_text(it.at)}: {why_not}")
        before = after
    return history


def _published(folder: Path) -> PolicyHistory:
    """Write the published policies to files; only those that take effect."""
    # It imports a client of Kafka, which files do not need.
    from agents.policies import Policies  # noqa: PLC0415
    from streams.policies.reading import compiled, read_records  # noqa: PLC0415

    settings = settings_or_fail()
    try:
        records = asyncio.run(read_records(settings))
    except TopicUnreadableError as error:
        raise UnreachableError(str(error)) from None
    policies = Policies(compiled(records))
    changes = policies.changes()
    if not changes:
        raise click.ClickException("no policy is published yet: give files with --policy and --then")
    files = []
    for policy, at in changes:
        if policy.rules is None:
            raise click.ClickException(policy.unreadable)
        file = folder / f"policy-{policy.number}.toml"
        file.write_text(decode(records[policy.number].value).toml, "utf-8")
        files.append(LaterPolicy(at, file, policy.silent))
    return PolicyHistory(files[0].file, tuple(files[1:]))
