"""The lines of the log: as JSON, each is one object, whatever is logged."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from streams.log_lines import JsonLines

PROGRAM = """
import logging, warnings
from streams.log_lines import write_log

write_log({form!r})
logging.getLogger("shop").info("opened %s", [1], extra={{"partition": 3}})
logging.getLogger("shop").debug("not told")
warnings.warn("old")
raise ValueError("two\\nlines")
"""


def line(message: str = "hello", **given: Any) -> dict[str, Any]:
    record = logging.makeLogRecord({"name": "shop", "levelname": "INFO", "msg": message, "created": 1.5, **given})
    written = JsonLines().format(record)
    assert "\n" not in written
    found: dict[str, Any] = json.loads(written)
    return found


def test_a_line_has_its_instant_in_utc_its_level_its_logger_and_its_message() -> None:
    assert line("%d of %s", args=(3, "ä\n")) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "INFO",
        "logger": "shop",
        "message": "3 of ä\n",
    }


def test_what_was_given_besides_is_a_field_of_its_own_and_hides_nothing() -> None:
    found = line(partition=3, partitions=[0, 1], ready=True, nothing=None, share=float("nan"), error=OSError("x"))
    assert {name: found[name] for name in ("partition", "partitions", "ready", "nothing", "share", "error")} == {
        "partition": 3,
        "partitions": [0, 1],
        "ready": True,
        "nothing": None,
        "share": "nan",
        "error": "x",
    }
    assert line(time="never", level=0)["time"] == "1970-01-01T00:00:01.500Z"


def test_an_exception_is_one_text() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        found = line(exc_info=sys.exc_info())
    assert found["message"] == "hello"
    assert found["exception"].startswith("Traceback (most recent call last):\n")
    assert found["exception"].endswith("ValueError: wrong")


def test_what_no_encoding_holds_is_written_all_the_same() -> None:
    assert line("\udcff")["message"] == "\udcff"


def run(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(form=form)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_every_line_of_a_process_is_an_object() -> None:
    opened, warned, ended = map(json.loads, run("json"))
    assert (opened["message"], opened["partition"], opened["level"]) == ("opened [1]", 3, "INFO")
    assert (warned["logger"], warned["level"]) == ("py.warnings", "WARNING")
    assert (ended["level"], ended["message"]) == ("CRITICAL", "the process ends: ValueError")
    assert ended["exception"].endswith("ValueError: two\nlines")


def test_text_is_for_people() -> None:
    lines = run("text")
    assert lines[0].endswith(" INFO shop: opened [1]")
    with pytest.raises(ValueError):
        json.loads(lines[0])
