"""Names that are nearly right: the spellings work, and what no rule knows is counted by its name, never forgotten."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from schemas.event_names import nearest_name
from streams.cli.main import main
from tests.cases.intake import Intake, both, event

AT = "2025-03-01T10:00:00Z"
SPELLINGS = ("Completed Order", "order_completed", "Order completed", "ORDER COMPLETED", " Order Completed ")
UNKNOWN = {"Order Compleet": "Order Completed", "orders/create": "Order Completed", "Lead Qualified": None}


@both
def test_spellings_count_and_unknown_names_are_counted_by_name(intake: Intake) -> None:
    lines = [event(name, "n1", AT, order_id=number, total=20) for number, name in enumerate(SPELLINGS)]
    lines += [event(name, "n2", AT, order_id="1", total=20) for name in UNKNOWN for _ in range(2)]
    lines += [b'{"type":"group","userId":"n3","timestamp":"%s"}' % AT.encode()]
    result = intake(lines)
    assert result.figure("n1", "orders") == len(SPELLINGS)
    assert result.unknown_names == {**dict.fromkeys(UNKNOWN, 2), "group": 1}
    assert result.unknown == 7
    assert result.rejects == []


@pytest.mark.parametrize(("name", "nearest"), UNKNOWN.items())
def test_the_nearest_known_name_is_proposed(name: str, nearest: str | None) -> None:
    assert nearest_name(name) == nearest


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\n".join(event(name, "n", AT, order_id="1", total=20) for name in UNKNOWN), "Order Compleet  1  line 1; do"),
        (
            b"Order,Customer,Total\n1,n1,20\n2,n2,30\n",
            "is CSV with the columns Order, Customer, Total: ",
        ),
        (b'"1"\n"2"\n', "invalid"),
        (b"\n\n", "holds no event"),
    ],
    ids=["only unknown names", "a table", "texts", "nothing"],
)
def test_a_file_of_which_nothing_can_be_used_is_said_once(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)
    done = CliRunner().invoke(main, ["backtest", str(path), "--out", "-", "--processes", "1"])
    assert done.exit_code == 2
    assert told in " ".join(done.output.split()) or told in done.output
    assert sum(line.startswith("Error: ") for line in done.output.splitlines()) == 1
