"""Faust's app, which refuses an agent that would get no records."""

from collections.abc import Callable, Mapping
from typing import Any

import faust
from faust.exceptions import ImproperlyConfigured


class BatchApp(faust.App):
    """An app whose input topics are read in batches, by one agent; agents on other topics work as in any Faust app."""

    reserved_topics: Mapping[str, str] = {}
    """Topics that no further agent can read, each with the reason; set once the agent ``track`` is registered."""

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
