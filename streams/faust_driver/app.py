"""Faust's app, which refuses an agent that would get no records."""

from collections.abc import Callable, Collection
from typing import Any

import faust
from faust.exceptions import ImproperlyConfigured


class BatchApp(faust.App):
    """An app whose input topics are read in batches, by one agent; agents on other topics work as in any Faust app."""

    batched_topics: Collection[str] = ()
    """The input topics, once their agent is registered."""

    def agent(self, channel: Any = None, **options: Any) -> Callable[[Any], Any]:
        """Register an agent. Raises ``ImproperlyConfigured`` for one on an input topic."""
        topics = [channel] if isinstance(channel, str) else getattr(channel, "topics", None) or ()
        for name in topics:
            if name in self.batched_topics:
                raise ImproperlyConfigured(
                    f"{name} is an input topic: its records go to the agent track in batches, and no other agent of "
                    "this app would get any. Read customer.transitions instead, or read the topic in an app with an "
                    "id of its own"
                )
        return super().agent(channel, **options)
