"""The lines of the log: text for people, or a JSON object each for programs."""

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from streams.client_log import keep_back
from streams.settings import Settings

_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_STANDARD = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "color_message"))

logger = logging.getLogger(__name__)


def write_log(form: Literal["text", "json"], level: str = "INFO") -> None:
    """Write what is logged from ``level`` on to stderr, each record as one line.

    As JSON, warnings of Python and an exception that ends the process are records too, so that all lines are objects.
    """
    logging.basicConfig(level=level, format=_TEXT)
    if form == "json":
        for handler in logging.root.handlers:
            handler.setFormatter(JsonLines())
        logging.captureWarnings(True)
        sys.excepthook = _log_uncaught


def begin_log(settings: Settings, level: str | None = None) -> None:
    """Write the log as the settings say, from ``level`` on if that is given."""
    write_log(settings.log, level or settings.log_level)
    if not settings.log_clients:
        keep_back()


class JsonLines(logging.Formatter):
    """A formatter whose lines are JSON objects.

    Each has ``time`` (RFC 3339 in UTC, with milliseconds), ``level``, ``logger`` and ``message``; then whatever was
    given as ``extra``, such as ``partition``; and ``exception`` with the traceback as one text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See ``Formatter``."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line.setdefault(name, _plain(value))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        elif record.exc_text:
            line["exception"] = record.exc_text
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        # In ASCII, for it must not matter which encoding stderr has.
        return json.dumps(line)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else str(value)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logger.critical("the process ends: %s", kind.__name__, exc_info=(kind, error, trace))
