"""What must be true of every file: it is read, or refused in one sentence; nothing else is raised."""

import tempfile
from pathlib import Path

import orjson
from hypothesis import given
from hypothesis import strategies as st

from streams.mapping.text import MappingError, read_mapping
from streams.mapping_file import MappingFile
from streams.sources.event_lines import event_lines
from streams.sources.mapped import MappedFile
from streams.sources.source import SourceError
from streams.suggestion.suggest import suggest

WORDS = (
    *("", "customer", "date", "total", "order_id", "price", "quantity", "status", "event", '"', "1,5", "12.50", "-3"),
    *("2025-01-02", "03.04.2025", "1/2/2025 10:00", "paid", "USD", "a@b.org", "17.0", "page_view", "1735725600"),
)
CELLS = st.one_of(st.text(max_size=6), st.sampled_from(WORDS))
JSON = st.recursive(
    st.one_of(CELLS, st.integers(), st.floats(), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(CELLS, inner, max_size=4)),
    max_leaves=8,
)
TABLES = st.builds(
    lambda rows, delimiter, end, encoding: end.join(delimiter.join(row) for row in rows).encode(encoding, "replace"),
    st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
)


def fits(value: object) -> bool:
    try:
        orjson.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


DOCUMENTS = st.builds(
    lambda values, indent: b"\n".join(orjson.dumps(it, option=orjson.OPT_INDENT_2 if indent else 0) for it in values),
    st.lists(JSON.filter(fits), max_size=4),
    st.booleans(),
)
FILES = st.one_of(st.binary(max_size=200), TABLES, DOCUMENTS)
MAPPING = """
name = "any"
customer = "customer"
at = "date"
order_id = "order_id"
{}
[[events]]
event = "Order Completed"
total = "total"
"""


@given(content=FILES, grouped=st.booleans())
def test_any_file_is_read_or_refused_in_a_sentence(content: bytes, grouped: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "any")
        Path(path).write_bytes(content)
        told = []
        try:
            lines = list(event_lines(path))
            assert all(b"\n" not in line for _, line in lines)
        except SourceError as error:
            told.append(str(error))
        try:
            text, complete = suggest(path)
        except SourceError as error:
            told.append(str(error))
        else:
            if complete:
                read(path, text)
        told += read(path, MAPPING.format('group_by = "order_id"' if grouped else ""))
        assert all(it.strip() for it in told)


def read(path: str, text: str) -> list[str]:
    """Read a file by a mapping; return what was told of it."""
    try:
        shape, lines = read_mapping(text)
        file = MappedFile(path, MappingFile("any.toml", shape, lines))
        made = list(file.lines())
    except (SourceError, MappingError) as error:
        return [str(error)]
    assert file.report.made == len(made)
    assert file.report.records >= file.report.skipped
    return []
