"""What a file holds: its kind, its encoding, and what is told of a file of another kind."""

import gzip
from pathlib import Path

import cramjam
import orjson
import pytest

from streams.mapping.shape import File
from streams.sources.content import Kind, open_content
from streams.sources.csv_table import CsvTable
from streams.sources.event_lines import event_lines
from streams.sources.named import open_source
from streams.sources.source import SourceError

EVENTS = [
    {
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m{number}",
        "userId": f"c{number}",
        "timestamp": "2025-03-01T10:00:00Z",
        "properties": {"order_id": str(number), "total": 20, "products": [{"price": 1, "note": "a\\nb [x] {y}"}]},
    }
    for number in range(3)
]
LINES = [orjson.dumps(event) for event in EVENTS]
ARRAY = b"[" + b",".join(LINES) + b"]"


def written(folder: Path, content: bytes, name: str = "file") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\n".join(LINES), Kind.LINES),
        (b"oops\n" + LINES[0], Kind.LINES),
        (b"[]\n" + LINES[0], Kind.LINES),
        (b"", Kind.LINES),
        (b"\n \n", Kind.LINES),
        (b'"1"\n"2"\n', Kind.LINES),
        (ARRAY, Kind.DOCUMENT),
        (b"[\n  " + b",\n  ".join(LINES) + b"\n]\n", Kind.DOCUMENT),
        (orjson.dumps(EVENTS, option=orjson.OPT_INDENT_2), Kind.DOCUMENT),
        (b'{"orders": [\n{"id": 1},\n{"id": 2}\n]}', Kind.DOCUMENT),
        (b"a,b\n1,2\n", Kind.TABLE),
        (b'"a";"b"\n1;2\n', Kind.TABLE),
        (b"sep=;\na;b\n1;2\n", Kind.TABLE),
        (b"a\tb\n1\t2\n", Kind.TABLE),
        (b"\xef\xbb\xbfa,b\n1,2\n", Kind.TABLE),
        ("a,b\n1,2\n".encode("utf-16"), Kind.TABLE),
        ("a,b\n1,2\n".encode("utf-16-le"), Kind.TABLE),
    ],
)
def test_the_kind_is_found_out(tmp_path: Path, content: bytes, kind: Kind) -> None:
    with open_content(written(tmp_path, content)) as found:
        assert found.kind is kind


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04...", "an Excel workbook or another ZIP archive: save it as CSV"),
        (b"SQLite format 3\0", "an SQLite database: export its table as CSV"),
        (b"<?xml version='1.0'?>", "is XML or HTML: export it as CSV or JSON"),
        (b"\x00\x01\x02\x03" * 30, "is no text"),
        (b"BZh91AY", "packed by bzip2"),
    ],
)
def test_other_kinds_are_called_by_their_names(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(SourceError, match=told), open_content(written(tmp_path, content)):
        pass


@pytest.mark.parametrize(
    "content",
    [
        ARRAY,
        b"[\n  " + b",\n  ".join(LINES) + b"\n]\n",
        b"\n".join(LINES),
        b"\xef\xbb\xbf" + b"\r\n".join(LINES),
        b"[\r\n" + b",\r\n".join(LINES) + b"]",
        b"\n".join(orjson.dumps(event, option=orjson.OPT_INDENT_2) for event in EVENTS),
        b'{"total": 3, "events": [\n' + b",\n".join(LINES) + b"]}",
        ARRAY.decode().encode("utf-16"),
        gzip.compress(ARRAY),
        bytes(cramjam.zstd.compress(b"\n".join(LINES))),
    ],
)
def test_lines_arrays_and_documents_hold_the_same_events(tmp_path: Path, content: bytes) -> None:
    found = list(event_lines(written(tmp_path, content)))
    assert [number for number, _ in found] == [1, 2, 3]
    assert [orjson.loads(line) for _, line in found] == EVENTS
    assert not any(b"\n" in line or b"\r" in line for _, line in found)


def test_an_element_keeps_its_bytes(tmp_path: Path) -> None:
    content = b'[{"userId": 1002.0, "timestamp":1,  "total": 1.10},\n {"event": "x"}]'
    found = [line for _, line in event_lines(written(tmp_path, content))]
    assert found == [b'{"userId": 1002.0, "timestamp":1,  "total": 1.10}', b'{"event": "x"}']


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (ARRAY[:-40], "is no whole JSON"),
        (b'[{"event": "x"},\n]\n', "is no whole JSON"),
        (
            b"Order,Customer,Total\n1,n1,20\n",
            "is CSV with the columns Order, Customer, Total: give --mapping F",
        ),
        (b'{"id": 1, "total": 5}\n{"id": 2, "total": 5}', r"JSON objects that are no events \(id, total\): give --map"),
        (b'[{"id": 1},\n{"id": 2}]', "lifestage map --suggest"),
        (b'{"event_name": "page_view", "user_id": null}\n', "are no events"),
    ],
)
def test_a_whole_file_of_another_kind_is_said_once(tmp_path: Path, content: bytes, told: str) -> None:
    name = written(tmp_path, content)
    for read in (lambda: list(event_lines(name)), lambda: open_source(name)):
        with pytest.raises(SourceError, match=told) as error:
            read()
        assert "\n" not in str(error.value) and name in str(error.value)


def test_one_line_that_is_wrong_is_no_file_of_another_kind(tmp_path: Path) -> None:
    for broken in (b'{"id": 1}', b"{", b"[", b"nonsense, and more"):
        found = list(event_lines(written(tmp_path, broken + b"\n" + b"\n".join(LINES) + b"\n")))
        assert [line for _, line in found if line] == [broken, *LINES]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [(2, ["1", "2"])]),
        (b"a;b\n1,5;2\n", [(2, ["1,5", "2"])]),
        (b"a|b\n1|2\n", [(2, ["1", "2"])]),
        (b"sep=;\r\na;b\r\n1;2\r\n", [(3, ["1", "2"])]),
        (b"\n\na,b\n\n1,2\n,\n3\n", [(5, ["1", "2"]), (7, ["3", ""])]),
        (b'a,b\n"x\ny","say ""hi"", you"\nz,1\n', [(2, ["x\ny", 'say "hi", you']), (4, ["z", "1"])]),
        (b"a,b\n1,2,\n1,2,3\n", [(2, ["1", "2"]), (3, ["1", "2", "3"])]),
        ("a,b\nMüller,1\n".encode(), [(2, ["Müller", "1"])]),
        ("a,b\nMüller €,1\n".encode("cp1252"), [(2, ["Müller €", "1"])]),
        ("\ufeffa,b\nMüller,1\n".encode(), [(2, ["Müller", "1"])]),
        ("a,b\nMüller,1\n".encode("utf-16"), [(2, ["Müller", "1"])]),
        ("a\tb\nMüller\t1\n".encode("utf-16-be"), [(2, ["Müller", "1"])]),
        (b"a,b\r1,2\r", [(2, ["1", "2"])]),
    ],
)
def test_csv_as_it_comes(tmp_path: Path, content: bytes, rows: list[tuple[int, list[str]]]) -> None:
    with open_content(written(tmp_path, content)) as found:
        table = CsvTable(found, File())
        assert table.columns == ["a", "b"]
        assert list(table.rows()) == rows


def test_csv_as_it_is_told(tmp_path: Path) -> None:
    file = File(delimiter="#", quote="'", encoding="cp437", header=("x", "y"), skip_lines=2)
    with open_content(written(tmp_path, b"Report, of\nMarch\n'\x81#ber'#2\n")) as found:
        table = CsvTable(found, file)
        assert (table.columns, list(table.rows())) == (["x", "y"], [(3, ["ü#ber", "2"])])


def test_a_quotation_mark_that_is_not_closed_is_told_with_its_line(tmp_path: Path) -> None:
    name = written(tmp_path, b'a,b\n1,2\n"open,2\n' + b"x,y\n" * 400_000)
    with open_content(name) as found, pytest.raises(SourceError, match="a quotation mark is opened and not closed"):
        list(CsvTable(found, File()).rows())


def test_an_encoding_that_is_none(tmp_path: Path) -> None:
    with (
        open_content(written(tmp_path, b"a,b\n")) as found,
        pytest.raises(SourceError, match="there is no encoding 'latin-99'"),
    ):
        CsvTable(found, File(encoding="latin-99"))
