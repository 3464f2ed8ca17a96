"""``lifestage forget``: forget customers, with the workers at work, and say what is still kept of them."""

import asyncio
import time
from collections.abc import Sequence
from typing import TextIO

import click
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError
from rich.console import Console

from schemas.coercion import MAX_TEXT
from schemas.forget_request import BY_REQUEST, MAX_REASON, RESERVED, ForgetRequest
from schemas.instant import to_text
from schemas.transition import BY_RETENTION
from streams.cli.failure import UnreachableError, settings_or_fail
from streams.forget.remains import is_mirrored, told_remains
from streams.forget.requests import new_id, send_requests
from streams.forget.standing import Standing, is_done, read_standing, read_waiting
from streams.republish.answers import wait_until_committed
from streams.settings import Settings
from streams.terminal_text import printable
from streams.topic_reader import TopicUnreadableError, open_topic
from streams.topics import TopicsError, topics_of

_NOT_DONE = 1


@click.command("forget")
@click.argument("customers", nargs=-1, metavar="[CUSTOMER]...")
@click.option("--file", "listed", type=click.File("r"), help="Customers, one id a line; - for standard input.")
@click.option("--reason", default=BY_REQUEST, show_default=True, help="What the message Customer Forgotten says.")
@click.option("--allow", is_flag=True, help="Take the events of these customers again, who then begin anew.")
@click.option("--status", is_flag=True, help="Ask for nothing: say what was carried out, and what is still kept.")
@click.option("--no-wait", is_flag=True, help="Do not wait until the workers have carried it out.")
def command(
    customers: Sequence[str], *, listed: TextIO | None, reason: str, allow: bool, status: bool, no_wait: bool
) -> None:
    """Forget CUSTOMERS: their state, their place in Redis, and all their later events, while the workers work.

    Each is told once as Customer Forgotten in customer.transitions: whoever keeps a copy deletes it. Later events are
    rejected as customer_forgotten, without their bytes, until --allow. What the inputs and other topics still have goes
    with their retention only: --status says how long that is.
    """
    settings = settings_or_fail()
    wanted = _wanted(customers, listed)
    if settings.subject == "account":
        raise click.ClickException(
            "LIFESTAGE_SUBJECT is account: the topics of accounts are written by the customers' workers alone, so only "
            "customers can be forgotten; accounts are by [retention] in their policy"
        )
    if not wanted and not status:
        raise click.UsageError("name a CUSTOMER, or a --file of them")
    if len(reason) > MAX_REASON or reason == BY_RETENTION or not reason.strip():
        raise click.UsageError(
            f"--reason {reason[:40]!r}: up to {MAX_REASON} characters, and not {BY_RETENTION!r}, which is the policy's"
        )
    try:
        if status:
            asyncio.run(_tell(settings, wanted))
        else:
            id_ = new_id()
            kind = "allow" if allow else "forget"
            requests = [ForgetRequest(kind, it, id_, reason) for it in wanted]  # type: ignore[arg-type]
            asyncio.run(_ask(settings, requests, wait=not no_wait))
    except TopicUnreadableError as error:
        raise UnreachableError(str(error)) from None
    except TopicsError as error:
        raise click.ClickException(str(error)) from None


def _wanted(customers: Sequence[str], listed: TextIO | None) -> list[str]:
    lines = [] if listed is None else [it.rstrip("\r\n") for it in listed]
    wanted = list(dict.fromkeys([*customers, *(it for it in lines if it)]))
    for it in wanted:
        if not it or len(it) > MAX_TEXT or it[:1] == RESERVED:
            raise click.UsageError(f"{printable(it[:40])!r} is no id of a customer: 1 to {MAX_TEXT} characters")
    return wanted


async def _ask(settings: Settings, requests: Sequence[ForgetRequest], *, wait: bool) -> None:
    console = Console(stderr=True, highlight=False)
    names = [it.customer for it in requests]
    async with open_topic(settings, topics_of(settings).changelog) as changelog:
        with console.status("reading the changelog"):
            standing = await read_standing(changelog, names)
        if standing.upto is None:
            raise click.ClickException(
                f"{topics_of(settings).changelog} has no position of a worker: start one, or set LIFESTAGE_APP_ID to "
                "that of the workers"
            )
        began = time.monotonic()
        try:
            last = await send_requests(requests, standing, settings)
        except (KafkaError, OSError) as error:
            raise click.ClickException(
                f"asking on {settings.broker} failed: {error!r}; the same command again does nothing twice"
            ) from None
        click.echo(f"{len(requests):,} customers: asked", err=True)
        if not wait:
            click.echo("to see what came of it: lifestage forget --status CUSTOMER", err=True)
            return
        with console.status("waiting for the workers") as shown:
            await wait_until_committed(
                changelog, last, settings, lambda left: shown.update(f"waiting for the workers: {left} partitions left")
            )
    click.echo(f"carried out in {time.monotonic() - began:.1f} s", err=True)
    if requests[0].type == "forget":
        click.echo("what topics, backups and readers still have: lifestage forget --status CUSTOMER", err=True)


async def _tell(settings: Settings, customers: Sequence[str]) -> None:
    async with open_topic(settings, topics_of(settings).changelog) as changelog:
        standing = await read_standing(changelog, customers)
    await read_waiting(standing, settings)
    click.echo(
        f"{standing.forgotten:,} customers are forgotten on request, {standing.allowed:,} were and are allowed again"
    )
    waiting = sum(map(len, standing.waiting.values()))
    click.echo(f"{waiting:,} requests wait for a worker")
    done = is_done(standing, customers)
    for it in customers:
        click.echo(f"{printable(it)}:")
        for line in await _about(it, standing, settings):
            click.echo(f"  {line}")
    click.echo("what remains elsewhere, of every forgotten customer:")
    for line in await told_remains(settings):
        click.echo(f"  {line}")
    if not done:
        raise SystemExit(_NOT_DONE)


async def _about(customer: str, standing: Standing, settings: Settings) -> list[str]:
    lines = []
    for partition, mark in sorted(standing.marked[customer].items()):
        allowed = "" if mark.allowed_at is None else f", allowed again at {to_text(mark.allowed_at)}"
        lines.append(f"forgotten at {to_text(mark.forgotten_at)} in partition {partition}{allowed}")
    if kept := standing.kept[customer]:
        lines.append(f"the workers have a state of them in partition {', '.join(map(str, sorted(kept)))}")
    if waiting := standing.waiting.get(customer):
        lines.append(f"asked and not carried out yet: {', '.join(waiting)}")
    if not lines:
        lines.append("nobody asked, and nothing is stored under this id")
    if settings.redis_url:
        try:
            mirrored = await is_mirrored(customer, settings)
            lines.append("Redis still has them: it follows within seconds" if mirrored else "Redis has nothing of them")
        except (RedisError, OSError, ValueError) as error:
            lines.append(f"Redis does not answer: {type(error).__name__}")
    return lines
