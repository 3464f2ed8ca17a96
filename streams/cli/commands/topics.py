"""``lifestage topics``: create the topics, check them, and skip records that were lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError

from streams.cli.failure import settings_or_fail
from streams.settings import Settings
from streams.topics import TopicsError, check, create

_T = TypeVar("_T")


@click.group("topics")
def command() -> None:
    """Create and check the topics, and continue after records were lost."""


@command.command("create")
def create_topics() -> None:
    """Create the topics that are missing, with the right cleanup policy and retention."""
    settings = settings_or_fail()
    created = _run(settings, create(settings))
    for name in created:
        click.echo(f"created {name}")
    if not created:
        click.echo("all topics are there")
    _report(settings)


@command.command("check")
def check_topics() -> None:
    """Say whether the topics that exist can be used."""
    _report(settings_or_fail())


@command.command("skip-lost")
@click.option("--partition", type=click.IntRange(min=0), required=True)
def skip_lost(partition: int) -> None:
    """Go on where an input topic begins now, though records before that were deleted unread.

    Stop all workers first. What was deleted is never counted.
    """
    # They import Faust, which the other commands do not need.
    from streams.partitions.changelog import MarkerMissingError  # noqa: PLC0415
    from streams.partitions.skip_lost import UnreadableChangelogError, skip  # noqa: PLC0415

    settings = settings_or_fail()
    try:
        skipped = _run(settings, skip(settings, partition))
    except (MarkerMissingError, UnreadableChangelogError) as error:
        raise click.ClickException(str(error)) from None
    for topic, begin in skipped.items():
        click.echo(f"{topic}[{partition}] goes on at {begin}")
    if not skipped:
        click.echo(f"partition {partition} has lost nothing")


def _report(settings: Settings) -> None:
    for warning in _run(settings, check(settings)):
        click.echo(f"warning: {warning}", err=True)


def _run(settings: Settings, work: Coroutine[Any, Any, _T]) -> _T:
    try:
        return asyncio.run(work)
    except TopicsError as error:
        raise click.ClickException(str(error)) from None
    except (KafkaError, OSError) as error:
        raise click.ClickException(
            f"Kafka at {settings.broker}: {error!r}; LIFESTAGE_BROKER says where it is"
        ) from None
