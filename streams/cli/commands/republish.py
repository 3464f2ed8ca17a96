"""``lifestage republish``: tell the members of a segment again, for a reader of the transitions that comes later."""

import asyncio
import math
import time

import click
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.status import Status

from schemas.instant import to_text
from state.policy.unknown_names import unknown
from state.rules.rulebook import Rulebook
from state.timeline.stored_version import StoredVersionError
from streams.cli.failure import UnreachableError, settings_or_fail
from streams.cli.rate import RATE
from streams.policies.in_force import rules_in_force
from streams.policy_file import PolicyFileError
from streams.replay.rate_limit import RateLimit
from streams.republish.answers import Answers, read_answers, wait_until_committed
from streams.republish.members import Members, read_members
from streams.republish.requests import RunExpiredError, Sent, send_requests
from streams.republish.run import Run
from streams.settings import Settings
from streams.topic_reader import TopicUnreadableError, open_topic
from streams.topics import topics_of

# A worker commits when something happens. Time that is left behind by more than this is probably that of a replay, in
# which a request of today would let years pass.
_MAX_QUIET_MS = 86_400_000


class RunId(click.ParamType):
    """The id of a run, as it was printed."""

    name = "id"

    def convert(self, value: str | Run, param: click.Parameter | None, ctx: click.Context | None) -> Run:
        """Parse the id; a run is one already."""
        if isinstance(value, Run):
            return value
        try:
            return Run.read(value)
        except ValueError as error:
            self.fail(f"{value!r} is no run: {error}", param, ctx)


@click.command("republish")
@click.option("--segment", required=True, metavar="KEY", help="The segment, by its key in the policy.")
@click.option("--run", type=RunId(), help="Continue the run of this id, instead of a new one.")
@click.option("--rate", type=RATE, help="At most so many requests a second, e.g. 500/s.")
@click.option("--wait", is_flag=True, help="Until the workers have committed all of it, and count the messages.")
def command(segment: str, *, run: Run | None, rate: float | None, wait: bool) -> None:
    """Tell of every member of a segment again: Audience Entered with `republished`, in the customer's order, once.

    For a new or repaired reader of the transitions: let it read first, then run this. Requests go to the workers by
    customer.profiles, one for each member; who is no member at the run's instant is not told. A run that was
    interrupted goes on with --run, within the policy's lateness: what it has asked already counts once.
    """
    settings = settings_or_fail()
    try:
        rules = asyncio.run(rules_in_force(settings))
    except PolicyFileError as error:
        raise click.ClickException(str(error)) from None
    if settings.subject == "account":
        raise click.ClickException(
            "LIFESTAGE_SUBJECT is account: the topics of accounts are written by the customers' workers alone, so the "
            "members of a segment of accounts cannot be republished"
        )
    if (wrong := unknown(segment, [it.key for it in rules.compiled.segments], "segment")) is not None:
        raise click.ClickException(": ".join(wrong))
    try:
        asyncio.run(_republish(settings, rules, segment, run, RateLimit(rate), wait=wait))
    except TopicUnreadableError as error:
        raise UnreachableError(str(error)) from None
    except StoredVersionError as error:
        raise click.ClickException(str(error)) from None


async def _republish(
    settings: Settings, rules: Rulebook, segment: str, run: Run | None, limit: RateLimit, *, wait: bool
) -> None:
    console = Console(stderr=True, highlight=False)
    lateness = rules.compiled.lateness_ms
    async with open_topic(settings, topics_of(settings).changelog) as changelog:
        with console.status("reading the changelog") as status:
            members = await read_members(changelog, segment, rules, lambda it: _show_members(status, it))
        now = _now(settings, members)
        run = Run.begin(now) if run is None else _continued(run, now, lateness)
        expires = None if settings.clock == "stream" else run.at + lateness
        if expires is not None:
            _check_time(len(members.found), limit, expires - now)
        click.echo(f"run {run.id} asks {len(members.found):,} members of {segment}", err=True)
        again = f"lifestage republish --segment {segment} --run {run.id}"
        if members.unreadable:
            click.echo(f"{len(members.unreadable):,} customers cannot be read, and are not asked", err=True)
        try:
            with console.status("asking") as status:
                shown = len(members.found)
                sent = await send_requests(
                    run, segment, members.found, settings, limit, lambda it: _show_sent(status, it, shown), expires
                )
        except RunExpiredError as error:
            raise click.ClickException(
                f"the lateness of {lateness / 60_000:g} minutes is over, and {error.sent:,} of {shown:,} are asked: "
                "start a new run, with a higher --rate"
            ) from None
        except (KafkaError, OSError) as error:
            raise click.ClickException(f"asking on {settings.broker} failed: {error!r}; to go on: {again}") from None
        click.echo(f"{sent.count:,} members were asked", err=True)
        if not wait:
            click.echo(f"to count the messages: {again} --wait", err=True)
            return
        with console.status("waiting for the workers") as status:
            await wait_until_committed(changelog, sent.last, settings, lambda left: _show_left(status, left))
    answers = await read_answers(run, segment, settings)
    _report(answers, sent, run, settings)


def _now(settings: Settings, members: Members) -> int:
    """Return the instant of the clock that the workers go by. Raises ``ClickException`` if that is not known."""
    upto, changelog = members.upto, topics_of(settings).changelog
    if upto is None:
        raise click.ClickException(
            f"{changelog} has no position of a worker: start one, or set LIFESTAGE_APP_ID to that of the workers"
        )
    if settings.clock == "stream":
        return upto
    now = time.time_ns() // 1_000_000
    if upto < now - _MAX_QUIET_MS:
        raise click.ClickException(
            f"the workers have come to {to_text(upto)}, more than a day behind the clock: set LIFESTAGE_CLOCK=stream "
            "if that is how they run; otherwise wait until they have caught up, or send an event if none came since"
        )
    return now


def _continued(run: Run, now: int, lateness: int) -> Run:
    if not now - lateness <= run.at <= now:
        raise click.ClickException(
            f"the run {run.id} is not of the last {lateness / 60_000:g} minutes, the policy's lateness, and its "
            "requests would be rejected: start a new one, without --run"
        )
    return run


def _check_time(count: int, limit: RateLimit, left: int) -> None:
    """Check that so many requests can be sent in the time that is left (ms). Raises ``ClickException``."""
    if left <= 0:
        raise click.ClickException("lateness_minutes in the policy's [time] is 0: no request can be on time; raise it")
    if limit.rate is not None and count / limit.rate * 1000 >= left:
        least = math.ceil(count / left * 1000) + 1
        raise click.ClickException(
            f"at {limit.rate:g}/s, {count:,} requests take longer than the {left / 60_000:.1f} minutes until they are "
            f"late: use --rate {least}/s or more"
        )


def _report(answers: Answers, sent: Sent, run: Run, settings: Settings) -> None:
    told, rejected = len(answers.messages), answers.rejected
    click.echo(f"{told:,} messages are in {topics_of(settings).transitions}", err=True)
    if (others := sent.count - told - rejected.total()) > 0:
        click.echo(f"{others:,} are no members at {to_text(run.at)}, and are not told", err=True)
    if rejected:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in rejected.most_common())
        raise click.ClickException(
            f"{rejected.total():,} requests were rejected ({reasons}): lifestage rejects has them"
        )


def _show_members(status: Status, members: Members) -> None:
    status.update(f"reading the changelog: {len(members.found):,} members")


def _show_sent(status: Status, sent: Sent, count: int) -> None:
    status.update(f"asking: {sent.count:,} of {count:,}")


def _show_left(status: Status, left: int) -> None:
    status.update(f"waiting for the workers: {left} partitions are left")
