"""Whole files of another kind: read where that is clear, and told once where it is not."""

import gzip
import json
from pathlib import Path

import cramjam
import orjson
import pytest
from click.testing import CliRunner, Result

from streams.cli.main import main

EVENTS = [
    {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m{number}",
        "userId": f"u{number % 3}",
        "timestamp": f"2025-03-{number + 1:02}T10:00:00Z",
        "properties": {"order_id": str(number), "total": 20 + number},
    }
    for number in range(9)
]
LINES = b"\n".join(map(orjson.dumps, EVENTS)) + b"\n"
CSV = "Order;Customer;Date;Total\n1;ann;2025-03-01;20,50\n2;bob;2025-03-02;1.030,00\n3;ann;2025-03-05;25\n"
MAPPING = """
name = "sales"
customer = "Customer"
at = "Date"
zone = "Europe/Berlin"
order_id = "Order"
decimal = ","
[[events]]
event = "Order Completed"
total = "Total"
"""


def backtest(folder: Path, content: bytes, *more: str, name: str = "sales") -> Result:
    path = folder / name
    path.write_bytes(content)
    return CliRunner().invoke(main, ["backtest", str(path), "--out", str(folder / "out"), "--processes", "1", *more])


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The transitions of the plain lines."""
    folder = tmp_path_factory.mktemp("lines")
    assert backtest(folder, LINES).exit_code == 0
    found = (folder / "out").read_bytes()
    assert found
    return found


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(EVENTS).encode(),
        json.dumps(EVENTS, indent=2).encode(),
        b"[\n  " + b",\n  ".join(map(orjson.dumps, EVENTS)) + b"\n]\n",
        "\ufeff".encode() + json.dumps(EVENTS, indent=2).encode(),
        b'{"events": [\n' + b",\n".join(map(orjson.dumps, EVENTS)) + b"\n]}",
        LINES.replace(b"\n", b"\r\n"),
        LINES.decode().encode("utf-16"),
        gzip.compress(LINES),
        bytes(cramjam.zstd.compress(LINES)),
    ],
    ids=["one line", "indented", "an element a line", "a mark", "within an object", "CRLF", "UTF-16", "gzip", "zstd"],
)
def test_a_json_array_is_simply_read(tmp_path: Path, content: bytes, expected: bytes) -> None:
    done = backtest(tmp_path, content)
    assert (done.exit_code, (tmp_path / "out").read_bytes()) == (0, expected), done.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (CSV.encode(), "sales is CSV with the columns Order, Customer, Date, Total: give --mapping FILE.toml"),
        (json.dumps(EVENTS).encode()[:-30], "sales is no whole JSON"),
        (b'{"id": 1, "total": 5}\n{"id": 2, "total": 6}\n', "sales holds JSON objects that are no events (id, total)"),
        (b"PK\x03\x04 and so on", "sales is an Excel workbook or another ZIP archive: save it as CSV"),
        (b"<html></html>", "sales is XML or HTML: export it as CSV or JSON"),
    ],
    ids=["CSV", "a cut array", "other objects", "a workbook", "HTML"],
)
def test_a_file_of_another_kind_is_said_once_with_status_2(tmp_path: Path, content: bytes, told: str) -> None:
    done = backtest(tmp_path, content)
    (error,) = [line for line in done.output.splitlines() if line.startswith("Error: ")]
    assert (done.exit_code, told in error) == (2, True), done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(";", "utf-8"), (";", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16"), ("\t", "cp1252"), ("|", "utf-8-sig")],
)
def test_csv_with_a_mapping(tmp_path: Path, encoding: str, delimiter: str) -> None:
    (tmp_path / "mine.toml").write_text(MAPPING.replace('"Customer"', '"Käufer"'), "utf-8")
    content = CSV.replace("Customer", "Käufer").replace("bob", "Jürgen").replace(";", delimiter).encode(encoding)
    profiles = tmp_path / "profiles"
    done = backtest(tmp_path, content, "--mapping", str(tmp_path / "mine.toml"), "--profiles", str(profiles))
    assert done.exit_code == 0, done.output
    found = {it["userId"]: it["figures"] for it in map(json.loads, profiles.read_text().splitlines())}
    assert {name: (it["orders"], it["revenue"]) for name, it in found.items()} == {
        "ann": (2, 45.5),
        "Jürgen": (1, 1030.0),
    }


def test_rows_that_cannot_be_used_are_rejects_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MAPPING)
    content = (
        CSV + "4;;2025-03-06;1\n5;ann;06/03/2025;1\n6;ann;2025-03-06;x\n7;ann;2025-03-06;1;9\n8;ann;2025-03-07;2\n"
    )
    rejects = tmp_path / "rejects"
    done = backtest(tmp_path, content.encode(), "--mapping", str(tmp_path / "mine.toml"), "--rejects", str(rejects))
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(it["line"], it["reason"]) for it in found] == [
        (5, "missing_user"),
        (6, "bad_timestamp"),
        (7, "bad_amount"),
        (8, "invalid"),
    ]
    assert [it["detail"].partition(f"sales:{it['line']} ")[2] for it in found] == [
        "Customer is empty: say who the customer is",
        "Date: '06/03/2025' could have its day or its month first: "
        'write formats = ["%d/%m/%Y %H:%M"] or its like into the mapping',
        "Total: 'x' is no number: name a column of numbers",
        "5 values stand below 4 columns: put texts with the delimiter in quotation marks",
    ]
    assert "8 records became 4 events" in done.output
    assert sum("example" in line or "sales:" in line for line in done.output.splitlines()) >= 4


def test_sent_twice_is_a_duplicate(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MAPPING)
    content = CSV + CSV.partition("\n")[2]
    done = backtest(tmp_path, content.encode(), "--mapping", str(tmp_path / "mine.toml"))
    told = [" ".join(line.split()) for line in done.output.splitlines()]
    assert "applied 3" in told
    assert any(line.startswith("duplicates 3") for line in told)
