"""``lifestage tail``: transitions as they happen."""

import asyncio
from contextlib import suppress
from typing import Any

import click
import orjson
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.text import Text

from schemas.transition import CUSTOMER_FORGOTTEN
from streams.cli.failure import UnreachableError, settings_or_fail
from streams.settings import Settings
from streams.terminal_text import printable
from streams.topic_reader import TopicUnreadableError, open_topic
from streams.topics import topics_of

_COLOURS = {
    "new": "cyan",
    "repeat": "blue",
    "loyal": "green",
    "at_risk": "yellow",
    "churned": "red",
    "in": "magenta",
}


@click.command("tail")
@click.option("--from-beginning", is_flag=True, help="Begin with the first transition, not with the next.")
@click.option("--customer", help="Only this customer's.")
@click.option("--json", "as_json", is_flag=True, help="The topic's own values, one a line.")
def command(from_beginning: bool, customer: str | None, as_json: bool) -> None:
    """Print transitions as they happen, until Ctrl-C.

    A line has the instant, the customer, the change, and the reason. Corrections are marked. A change that is
    retracted did not happen, as an event showed that arrived later.
    """
    settings = settings_or_fail()
    with suppress(KeyboardInterrupt):
        try:
            asyncio.run(_tail(settings, from_beginning, customer, as_json))
        except (TopicUnreadableError, KafkaError) as error:
            raise UnreachableError(str(error)) from None


async def _tail(settings: Settings, from_beginning: bool, customer: str | None, as_json: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    wanted = None if customer is None else customer.encode()
    async with open_topic(settings, topics_of(settings).transitions) as topic:
        async for record in topic.follow(from_beginning):
            if wanted is not None and record.key != wanted:
                continue
            if as_json:
                click.echo(record.value)
            else:
                console.print(line(orjson.loads(record.value)))


def line(transition: dict[str, Any]) -> Text:
    """Return one transition as one line of text."""
    properties = transition["properties"]
    name = f"forgotten ({properties['reason']})" if transition["event"] == CUSTOMER_FORGOTTEN else _name(properties)
    colour = "magenta" if "ladder_key" in properties else _COLOURS.get(properties.get("to", "in"), "default")
    text = Text()
    text.append(f"{transition['timestamp']}  ", style="dim")
    text.append(f"{printable(transition['userId'])}  ", style="bold")
    text.append(printable(name), style=f"{colour} strike" if properties["retracted"] else colour)
    if "from" in properties and "audience_key" not in properties:
        text.append(f"  {properties['from']} → {properties['to']}")
    if properties.get("why"):
        text.append(f"  {printable(properties['why'])}", style="dim")
    if properties["retracted"]:
        text.append("  (retracted)", style="bold red")
    elif properties["correction"]:
        text.append("  (correction)", style="bold yellow")
    return text


def _name(properties: dict[str, Any]) -> str:
    if "signal_name" in properties:
        about = properties["occasion"]
        return f"{properties['signal_name']}{'' if about is None else f' ({about})'}"
    if name := properties.get("transition") or properties.get("ladder_name"):
        return str(name)
    happened = "is in" if properties.get("republished") else "entered" if properties["to"] == "in" else "left"
    return f"{happened} {properties['audience_name']}"
