"""What Kafka's client and Faust log: kept back, so that our own lines tell it once."""

import logging

_KAFKA = "aiokafka"
_FAUST = ("faust", "mode", "streams.faust_driver")
"""Faust logs as the modules of the classes that are derived from its own, too."""


class ClientErrors(logging.Handler):
    """A handler that writes nothing: it counts errors, and keeps the last one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._count = 0
        self._last: logging.LogRecord | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """See ``Handler``."""
        self._count += 1
        self._last = record

    def lately(self) -> str:
        """Return in words what was logged since the last call, empty if nothing was."""
        count, last = self._count, self._last
        self._count, self._last = 0, None
        if last is None:
            return ""
        return f"its client has logged {count:,} error{'' if count == 1 else 's'}, the last: {last.getMessage()}"


ERRORS = ClientErrors()
"""Those of Kafka's client in this process; a logger belongs to a process, too."""


def keep_back() -> None:
    """Write nothing of what Kafka's client logs, and of Faust warnings and errors alone.

    While a broker is away, the client logs a hundred errors a second and more, and some at each start on a new cluster.
    Whoever asks Kafka for something learns of a failure by its exception; ``ERRORS`` has what led to it.
    """
    client = logging.getLogger(_KAFKA)
    client.propagate = False
    client.addHandler(ERRORS)
    for name in _FAUST:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of each timer that is late, as all are that wait for a broker.
    logging.getLogger("mode.timers").setLevel(logging.ERROR)
