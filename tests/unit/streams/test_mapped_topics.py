"""Mapped topics: named in a file of the deployment, checked at the start, never created, and told with the mend."""

from pathlib import Path

import pytest

from schemas.event_types import TOPIC_KINDS
from streams.environment import SettingsError
from streams.mapped_readers import mapped_readers
from streams.mapped_topics import MappedTopic, MappedTopicsError, read_mapped_topics
from streams.settings import Settings
from streams.topics import topics_of
from tests.topology.test_mapped_topics import MAPPING


def written(folder: Path, text: str, mapping: str = MAPPING) -> Path:
    (folder / "shop.toml").write_text(mapping)
    path = folder / "sources.toml"
    path.write_text(text)
    return path


TWO = """
[[sources]]
topic = "shop.tickets"
mapping = "shop.toml"
feeds = "support"
[[sources]]
topic = "shop.orders"
mapping = "shop.toml"
"""


def test_a_mapped_topic_stands_beside_the_topic_that_it_feeds(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"LIFESTAGE_SOURCES": str(written(tmp_path, TWO)), "LIFESTAGE_TOPIC_PREFIX": "p."}
    )
    assert settings.sources[0] == MappedTopic("shop.tickets", tmp_path / "shop.toml", "support")
    topics = topics_of(settings)
    assert topics.inputs == (
        *("p.customer.purchases", "shop.orders", "p.customer.browsing"),
        *("p.customer.support", "shop.tickets", "p.customer.profiles"),
    )
    assert topics.mapped == {"shop.orders", "shop.tickets"}
    assert topics.own_inputs == tuple(f"p.customer.{kind}" for kind in TOPIC_KINDS)
    assert mapped_readers(settings).keys() == topics.mapped
    assert mapped_readers(Settings()) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[sources]]\ntopic = "a b"\nmapping = "m"', r"topic"),
        ('[[sources]]\ntopic = "a"', r"missing required field `mapping`"),
        ('[[sources]]\ntopic = "a"\nmapping = "m"\nfeed = "x"', r"unknown field `feed`.*; write \[\[sources\]\]"),
        ('[[sources]]\ntopic = "a"\nmapping = "m"\nfeeds = "orders"', r"feeds"),
        ("[[sources]\n", r"Expected.*; write \[\[sources\]\]"),
        (TWO.replace("shop.tickets", "shop.orders"), r"names shop.orders twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingsError, match=f"(?s)^LIFESTAGE_SOURCES cannot be used: {path}.*{told}"):
        Settings.from_environment({"LIFESTAGE_SOURCES": str(path)})


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappedTopicsError, match=r"none.toml cannot be read: No such file"):
        read_mapped_topics(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        (MAPPING.replace('"Order Completed"', '"Order Compleet"'), r"shop.toml:13: there is no event `Order Compleet`"),
        (MAPPING.replace('name = "shop"', 'name = "shop"\ngroup_by = "id"'), r"`group_by` needs more than one record"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_told_with_its_line(tmp_path: Path, mapping: str, told: str) -> None:
    path = written(tmp_path, TWO, mapping)
    settings = Settings(sources=read_mapped_topics(path))
    with pytest.raises(SettingsError, match=told):
        mapped_readers(settings)


def test_a_mapping_that_is_missing_is_told_with_its_topic(tmp_path: Path) -> None:
    path = written(tmp_path, TWO.replace("shop.toml", "none.toml"))
    with pytest.raises(SettingsError, match=r"the mapping none.toml cannot be read"):
        mapped_readers(Settings(sources=read_mapped_topics(path)))
