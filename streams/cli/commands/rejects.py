"""``lifestage rejects``: list the rejected records with their reasons, and send them again."""

import asyncio
import heapq
from collections import Counter
from dataclasses import dataclass, field

import click
import msgspec
from rich.console import Console
from rich.text import Text

from schemas.reject import Reject, read_reject
from streams.cli.failure import UnreachableError, settings_or_fail
from streams.cli.resend import resend
from streams.settings import Settings
from streams.terminal_text import printable
from streams.topic_reader import TopicUnreadableError, open_topic
from streams.topics import topics_of

_MAX_PREVIEW_BYTES = 160


@dataclass(slots=True)
class _Listing:
    """The newest rejects, oldest first, and the count of each reason."""

    newest: list[Reject] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


@click.command("rejects")
@click.option("--reason", help="Only these, e.g. late.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Only the newest so many.")
@click.option("--json", "as_json", is_flag=True, help="The topic's own values, one a line.")
@click.option("--resend", "again", is_flag=True, help="Send the listed records to their topics again.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
def command(reason: str | None, limit: int, as_json: bool, again: bool, yes: bool) -> None:
    """List the rejects that are there now, the newest last, and how many there are of each reason.

    --resend sends exactly the listed records, byte for byte, each to its own topic and partition, as if they came
    for the first time. That helps when their cause is gone: an event from the future whose time has come (it is
    sent with the present as its record time; all others keep theirs), a currency that the policy knows by now, or
    an event that a newer lifestage can decide. Malformed records and late ones are rejected again: fix the bytes,
    or the timestamp inside them, and send the event anew under the same messageId. One that was applied in the
    meantime counts as a duplicate within the allowed lateness, and as late after that.
    """
    settings = settings_or_fail()
    try:
        listing = asyncio.run(_read(settings, reason, limit))
        _print_listing(listing, as_json)
        if again and listing.newest and (yes or _confirmed(listing)):
            counts = asyncio.run(resend(listing.newest, settings))
            _print_counts(counts)
    except TopicUnreadableError as error:
        raise UnreachableError(str(error)) from None


async def _read(settings: Settings, reason: str | None, limit: int) -> _Listing:
    listing = _Listing()
    newest: list[tuple[int, int, Reject]] = []
    async with open_topic(settings, topics_of(settings).rejects) as topic:
        number = 0
        async for record in topic.until_now():
            try:
                reject = read_reject(record.value or b"")
            except msgspec.DecodeError:
                listing.reasons["(unreadable)"] += 1
                continue
            if reason is not None and reject.reason != reason:
                continue
            listing.reasons[reject.reason] += 1
            number += 1
            entry = (record.timestamp, number, reject)
            heapq.heappush(newest, entry) if len(newest) < limit else heapq.heappushpop(newest, entry)
    listing.newest = [reject for *_, reject in sorted(newest)]
    return listing


def _print_listing(listing: _Listing, as_json: bool) -> None:
    if as_json:
        for reject in listing.newest:
            click.echo(msgspec.json.encode(reject))
        return
    console = Console(highlight=False, soft_wrap=True)
    for reject in listing.newest:
        console.print(_lines(reject))
    total = listing.reasons.total()
    shown = f", the newest {len(listing.newest)} above" if len(listing.newest) < total else ""
    console.print(f"{total} rejects{shown}", markup=False)
    for reason, count in listing.reasons.most_common():
        console.print(f"  {reason}: {count}", markup=False)


def _lines(reject: Reject) -> Text:
    text = Text()
    text.append(f"{reject.timestamp}  ", style="dim")
    text.append(reject.reason, style="bold red")
    text.append(f"  {printable(reject.detail)}")
    text.append(f"  {reject.topic}/{reject.partition}/{reject.offset}\n", style="dim")
    text.append(f"    {_preview(reject)}", style="dim")
    return text


def _preview(reject: Reject) -> str:
    value = reject.kept_value()
    if value is None:
        return "(no value)"
    start = printable(value[:_MAX_PREVIEW_BYTES].decode("utf-8", "replace"))
    return start if reject.value_bytes <= _MAX_PREVIEW_BYTES else f"{start}… ({reject.value_bytes} bytes)"


def _confirmed(listing: _Listing) -> bool:
    return click.confirm(f"Send {len(listing.newest)} records to their topics again?", err=True)


def _print_counts(counts: Counter[str]) -> None:
    click.echo(f"{counts['sent']} records were sent again", err=True)
    if counts["gone"]:
        click.echo(f"{counts['gone']} were too long to be kept whole, and their topic has them no more", err=True)
    if counts["forgotten"]:
        click.echo(
            f"{counts['forgotten']} are of forgotten customers, and were not kept: their senders have them", err=True
        )
    if counts["elsewhere"]:
        click.echo(f"{counts['elsewhere']} belong to topics that lifestage does not write: left alone", err=True)
