"""Faust's app, which refuses an agent that would get no records, and a page that nobody would serve."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import faust
from faust.exceptions import ImproperlyConfigured

from streams.partitions.silence import Silence


class Pages(Protocol):
    """What a worker answers over HTTP, from before it waits for Kafka; Faust's own server starts after that."""

    async def open(self, host: str, port: int) -> None:
        """Answer from now on; raises ``OSError`` where that is impossible."""

    async def close(self) -> None:
        """Answer no more."""


class BatchApp(faust.App):
    """An app whose input topics are read in batches, by one agent; agents on other topics work as in any Faust app."""

    reserved_topics: Mapping[str, str] = {}
    """Topics that no further agent can read, each with the reason; set once the agent ``track`` is registered."""
    pages: Pages
    silence: Silence

    def agent(self, channel: Any = None, **options: Any) -> Callable[[Any], Any]:
        """Register an agent. Raises ``ImproperlyConfigured`` for one on a reserved topic."""
        topics = [channel] if isinstance(channel, str) else getattr(channel, "topics", None) or ()
        for name in topics:
            if name in self.reserved_topics:
                raise ImproperlyConfigured(
                    f"an agent on {name} would get no records: {self.reserved_topics[name]}. "
                    "Read customer.transitions instead, or read the topic in an app with an id of its own"
                )
        return super().agent(channel, **options)

    def page(self, path: str, **_options: Any) -> Any:
        """Raise ``ImproperlyConfigured``: Faust's own web server is off."""
        raise ImproperlyConfigured(f"the page {path} would not be served: add it to streams/observe/pages.py")
