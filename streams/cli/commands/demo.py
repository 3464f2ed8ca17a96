"""``lifestage demo``: a year of customers through servers, worker and replay, on this machine."""

import os
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from streams.cli.failure import UnreachableError, UnusableSourceError, settings_or_fail
from streams.cli.policy_for import policy_for
from streams.embedded.child_process import ServerError
from streams.environment import SettingsError
from streams.policy_file import PolicyFileError
from streams.settings import Settings
from streams.sources.source import SourceError

_WIDTH = 100  # for output that has no width: a file, a CI log


@click.command("demo")
@click.option(
    "--source",
    default="complete-journey",
    show_default=True,
    help="complete-journey, cdnow, simulated, or a file of events.",
)
@click.option("--mapping", help="How to read a file of another shape: a TOML file, or one that ships (shopify).")
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    envvar="LIFESTAGE_POLICY",
    help="Policy file; without it the one that ships.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many events.")
@click.option("--customers", type=click.IntRange(min=1), help="Only the first so many customers.")
@click.option("--exit", "exits", is_flag=True, help="End after the report.")
@click.option("--broker", default="", metavar="HOST:PORT", help="A Kafka of your own, instead of the embedded one.")
@click.option("--redis", default="", metavar="URL", help="A Redis of your own, instead of the embedded one.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=".lifestage",
    show_default=True,
    help="Where all data go.",
)
@click.option("--fresh", is_flag=True, help="Start over.")
@click.option("--continue", "continues", is_flag=True, help="Go on with what an earlier run has left.")
def command(
    *,
    source: str,
    mapping: str | None,
    policy: Path | None,
    limit: int | None,
    customers: int | None,
    exits: bool,
    broker: str,
    redis: str,
    data: Path,
    fresh: bool,
    continues: bool,
) -> None:
    """Show a year of customers: servers, a worker, a replay as fast as it goes, and a report of the results.

    Then it stays, with the clock at the end of the data, until Ctrl-C. Everything that it starts ends with it.
    """
    # --help need not wait for the clients of Kafka and Redis.
    from streams.demo.previous_run import ResumeChoice  # noqa: PLC0415
    from streams.demo.run import DemoOptions, run_demo  # noqa: PLC0415

    if fresh and continues:
        raise click.UsageError("--fresh and --continue exclude each other")
    resume = ResumeChoice.FRESH if fresh else ResumeChoice.CONTINUE if continues else ResumeChoice.ASK
    options = DemoOptions(
        source=source,
        mapping=mapping,
        policy=policy,
        limit=limit,
        customers=customers,
        broker=broker,
        redis=redis,
        data=data,
        resume=resume,
        stays=not exits,
    )
    console = Console(highlight=False, width=None if Console().is_terminal else _WIDTH)
    try:
        with policy_for(policy, mapping) as path:
            run_demo(replace(options, policy=path), _given(broker, redis), os.environ, console)
    except SourceError as error:
        raise UnusableSourceError(str(error)) from None
    except (ServerError, PolicyFileError, SettingsError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("interrupted; the next run goes on from here", err=True)
        raise SystemExit(130) from None


def _given(broker: str, redis: str) -> Settings:
    """Return the environment's settings if the broker is the user's own, else the default ones, with both addresses."""
    given = settings_or_fail() if broker else Settings()
    try:
        named = Settings.from_environment({"LIFESTAGE_BROKER": broker or given.broker, "LIFESTAGE_REDIS_URL": redis})
    except SettingsError as error:
        raise UnreachableError(str(error)) from None
    return replace(given, broker=named.broker, redis_url=named.redis_url, sources=())
