"""``lifestage worker``: process the events until SIGTERM."""

import click

from streams.cli.failure import settings_and_log
from streams.end_signals import end_when_asked
from streams.settings import LOG_LEVELS
from streams.stacks import show_stacks


@click.command("worker")
@click.option(
    "--loglevel",
    type=click.Choice(LOG_LEVELS, case_sensitive=False),
    help="What is logged; otherwise LIFESTAGE_LOG_LEVEL says it.",
)
def command(loglevel: str | None) -> None:
    """Process the events of the input topics, until SIGTERM or Ctrl-C.

    Start several, on as many machines as you like: they share the partitions. Give each its own LIFESTAGE_INSTANCE
    and LIFESTAGE_WEB_PORT. Exit code 70 means that it could not go on; its last line says why.
    """
    show_stacks()
    end_when_asked()
    settings_and_log(loglevel)
    # Faust takes a second to import; --help need not wait for it.
    try:
        from streams.app import app, rules, settings  # noqa: PLC0415
    except ValueError as error:  # an invalid policy or failpoint
        raise click.ClickException(str(error)) from None
    from streams.worker import run  # noqa: PLC0415

    run(app, settings, rules.compiled.window_days, loglevel=loglevel)
