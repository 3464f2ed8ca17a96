"""Servers shared by the whole run, and fresh topic names for each test so that sharing does no harm."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support import crashes, programs, servers

# A job in the background of a shell ignores Ctrl-C, and so would every program that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# `make unit` asks for the fast one. Both have no deadline: a slow machine is no error.
hypothesis.settings.register_profile("fast", max_examples=50, deadline=None, derandomize=True)
# CI has the same examples each time: more of them would find nothing new there.
_IN_CI = os.environ.get("CI") == "true"
hypothesis.settings.register_profile(
    "thorough", max_examples=60 if _IN_CI else 300, deadline=None, derandomize=_IN_CI, print_blob=True
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "thorough"))


# A process takes one file at a time: these go first, so that nobody waits for them at the end.
_LONGEST = ("chaos/test_campaign", "chaos/test_controls", "reference_model/test_agreement", "chaos/", "bench/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        file = item.path.relative_to(here).as_posix()
        return next((at for at, begin in enumerate(_LONGEST) if file.startswith(begin)), len(_LONGEST))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def nothing_crashes() -> Iterator[None]:
    """Fail a test in which a worker or a server died outside of Python, with the stacks that it left."""
    yield
    told = crashes.crashed()
    assert not told, told


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded broker's bootstrap string."""
    with servers.embedded_kafka(tmp_path_factory.mktemp("embedded-kafka")) as server:
        yield server.address


@pytest.fixture(scope="session")
def apache_kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Kafka]:
    """Apache Kafka, one node; skips where Java or Maven is missing, except in CI, where that is a failure."""
    programs.require_apache_kafka()
    with servers.apache_kafka(tmp_path_factory.mktemp("apache-kafka")) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def apache_broker(apache_kafka_server: servers.Kafka) -> str:
    """Apache Kafka's bootstrap string; mark tests that use it with ``pytest.mark.apache``."""
    return apache_kafka_server.bootstrap


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis-compatible server's URL; its keys are shared, so use ``topic_prefix`` or fresh customers."""
    with servers.embedded_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server.address


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that no other test has: for topics, application ids and customers."""
    return f"t{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """An empty folder for a test's own servers."""
    return tmp_path / "data"
