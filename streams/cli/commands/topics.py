"""``lifestage topics``: create the topics, check them, skip records that were lost, and move to more partitions."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError

from streams.cli.failure import settings_or_fail
from streams.connection import refusals
from streams.settings import Settings
from streams.topics import TopicsError, check, create

_T = TypeVar("_T")


@click.group("topics")
def command() -> None:
    """Create and check the topics, and continue after records were lost."""


@command.command("create")
@click.option(
    "--start-over",
    is_flag=True,
    help="Count everything again from the inputs' beginnings, where the changelog was lost or LIFESTAGE_APP_ID is a "
    "new one. What was published before is published again under the same ids.",
)
def create_topics(start_over: bool) -> None:
    """Create the topics that are missing, with the right cleanup policy and retention."""
    settings = settings_or_fail()
    created = _run(settings, create(settings))
    for name in created:
        click.echo(f"created {name}")
    if not created:
        click.echo("all topics are there")
    if start_over:
        # It imports Faust, which the other commands do not need.
        from streams.partitions import first_opening  # noqa: PLC0415

        begun = _run(settings, first_opening.start_over(settings))
        told = f"everything is counted again in partitions {', '.join(map(str, begun))}"
        click.echo(told if begun else "no partition starts over: each has its position")
    _report(settings)


@command.command("check")
def check_topics() -> None:
    """Say whether the topics that exist can be used."""
    _report(settings_or_fail())


@command.command("skip-lost")
@click.option("--partition", type=click.IntRange(min=0), required=True)
def skip_lost(partition: int) -> None:
    """Go on with what an input topic holds now, though records were deleted unread or the topic was made again.

    Workers may run: the one that has the partition opens it by itself. What is gone is never counted.
    """
    # They import Faust, which the other commands do not need.
    from streams.partitions.changelog import MarkerMissingError  # noqa: PLC0415
    from streams.partitions.skip_lost import skip  # noqa: PLC0415

    settings = settings_or_fail()
    try:
        skipped = _run(settings, skip(settings, partition))
    except MarkerMissingError as error:
        raise click.ClickException(str(error)) from None
    for topic, begin in skipped.items():
        click.echo(f"{topic}[{partition}] goes on at {begin}")
    if not skipped:
        click.echo(f"partition {partition} has lost nothing")


@command.command("adopt")
def adopt_topics() -> None:
    """Take the topics that exist for those that the customers were counted in: they were brought back from a copy.

    Every record must have the offset that it had before. Stop all workers first.
    """
    # They import Faust, which the other commands do not need.
    from streams.partitions.adopt import adopt  # noqa: PLC0415
    from streams.partitions.changelog import MarkerMissingError  # noqa: PLC0415

    settings = settings_or_fail()
    try:
        adopted = _run(settings, adopt(settings))
    except MarkerMissingError as error:
        raise click.ClickException(str(error)) from None
    told = f"the topics that exist are those of partitions {', '.join(map(str, adopted))} now"
    click.echo(told if adopted else "nothing to adopt: the topics are those that were counted")


@command.command("repartition")
@click.option(
    "--partitions", type=click.IntRange(min=1), required=True, help="How many partitions the new topics have."
)
@click.option("--prefix", required=True, help="The LIFESTAGE_TOPIC_PREFIX of the new topics.")
@click.option("--app-id", required=True, help="The LIFESTAGE_APP_ID of their workers.")
def repartition_topics(partitions: int, prefix: str, app_id: str) -> None:
    """Move to new topics with another number of partitions: the customers as they are, and what is not counted yet.

    Stop all workers and producers first. The old topics stay as they are.
    """
    # It imports Faust, which the other commands do not need.
    from streams.partitions import repartition  # noqa: PLC0415

    settings = settings_or_fail()
    after = replace(settings, partitions=partitions, topic_prefix=prefix, app_id=app_id)
    moved = _run(settings, repartition.repartition(settings, after))
    click.echo(f"moved {moved.customers:,} customers and {moved.records:,} records that are not counted yet")
    click.echo(
        f"start workers and producers with LIFESTAGE_PARTITIONS={partitions} LIFESTAGE_TOPIC_PREFIX={prefix} "
        f"LIFESTAGE_APP_ID={app_id}"
    )


def _report(settings: Settings) -> None:
    for warning in _run(settings, check(settings)):
        click.echo(f"warning: {warning}", err=True)


async def _refusing(settings: Settings, work: Coroutine[Any, Any, _T]) -> _T:
    async with refusals(settings, "Read or Write"):
        return await work


def _run(settings: Settings, work: Coroutine[Any, Any, _T]) -> _T:
    try:
        return asyncio.run(_refusing(settings, work))
    except TopicsError as error:
        raise click.ClickException(str(error)) from None
    except (KafkaError, OSError) as error:
        raise click.ClickException(
            f"Kafka at {settings.broker}: {error!r}; LIFESTAGE_BROKER says where it is"
        ) from None
