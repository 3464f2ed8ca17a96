"""Changes of topics under a partition group: what would make its figures wrong, each in a sentence with the way out."""

from collections.abc import Mapping

from agents.batch import Position
from streams.topic_metadata import TopicMetadata
from streams.topics import MORE_PARTITIONS, Topics


def change_of(
    topics: Topics, partitions: int, partition: int, position: Position | None, present: Mapping[str, TopicMetadata]
) -> str:
    """Say what has changed since ``position`` that all inputs, or the changelog, are concerned by; empty: nothing.

    ``partitions`` is how many there should be, ``present`` what exists now.
    """
    for name in (*topics.inputs, topics.changelog):
        if name not in present:
            return _deleted(topics, name, partition)
    if position is not None and is_remade(position, topics.changelog, present):
        return changelog_remade(topics.changelog)
    for name in (*topics.inputs, topics.changelog):
        found = present[name].partitions
        if found != partitions and position is not None and is_remade(position, name, present):
            return _remade_otherwise(name, found, partitions, partition)
        if found != partitions:
            return repartitioned(name, found, partitions)
    if position is not None and position.partitions not in (0, partitions):
        return counted_with(position.partitions, partitions)
    return ""


def ids_of(topics: Topics, present: Mapping[str, TopicMetadata]) -> dict[str, bytes]:
    """Return the ids of the inputs and of the changelog, without those that the broker does not tell."""
    names = (*topics.inputs, topics.changelog)
    return {name: present[name].id for name in names if name in present and present[name].id}


def is_remade(position: Position, name: str, present: Mapping[str, TopicMetadata]) -> bool:
    """Say whether a topic is another one than that of a position; a broker without ids cannot tell."""
    before = position.topic_ids.get(name)
    return before is not None and name in present and bool(present[name].id) and present[name].id != before


def truncated(topic: str, partition: int, at: int, begin: int) -> str:
    """Return the message that records were deleted before they were read, and how to go on."""
    return (
        f"{topic}[{partition}] begins at {begin}, but the next record to count is {at}: {begin - at} offsets were "
        f"deleted before they were read (retention too short?); to go on without them: {_skip(partition)}"
    )


def remade(topic: str, partition: int) -> str:
    """Return the message that an input is another log than the one that was counted, and how to go on."""
    return (
        f"{topic}[{partition}] was deleted and made again: what had not been counted is gone; to go on with all "
        f"that it holds now: {_skip(partition)} (or, from a copy with the offsets of before: lifestage topics adopt)"
    )


def beyond_end(topic: str, partition: int, at: int, end: int) -> str:
    """Return the message that a log ends before the position, and how to go on."""
    return (
        f"{topic}[{partition}] ends at {end}, but records up to {at} are counted: the topic was made again, or the "
        f"broker has lost records; to go on with what comes now: {_skip(partition)}"
    )


def changelog_remade(name: str) -> str:
    """Return the message that the changelog is another one."""
    return (
        f"{name} was deleted and made again: stop all workers; if it was brought back from a copy, take it with: "
        "lifestage topics adopt; else delete it, and count everything again from the inputs with: lifestage topics "
        "create --start-over"
    )


def counted_before(name: str, partition: int, why: str) -> str:
    """Return the message that a partition without a position was counted before."""
    return (
        f"{name}[{partition}] is empty, but {why}: bring the changelog back, or count everything again from the "
        "inputs, and publish it again, with: lifestage topics create --start-over"
    )


def repartitioned(name: str, found: int, wanted: int) -> str:
    """Return the message that the partitions of a topic became more."""
    return (
        f"{name} has {found} partitions now, and was counted with {wanted}: new records of a customer may lie "
        "elsewhere than the earlier ones, and Kafka takes no partitions back; " + MORE_PARTITIONS
    )


def counted_with(before: int, now: int) -> str:
    """Return the message that a changelog was written with another number of partitions."""
    return (
        f"the customers were counted with {before} partitions, and LIFESTAGE_PARTITIONS says {now}: their earlier "
        "records lie elsewhere than the new ones; " + MORE_PARTITIONS
    )


def _deleted(topics: Topics, name: str, partition: int) -> str:
    if name == topics.changelog:
        return (
            f"no such topic: {name}, which holds the customers: bring it back, or stop all workers, and count "
            "everything again from the inputs with: lifestage topics create --start-over"
        )
    if name in topics.mapped:
        return f"no such topic: {name}: it was deleted; bring it back, or take it out of LIFESTAGE_SOURCES"
    return (
        f"no such topic: {name}: it was deleted; make it with: lifestage topics create, and go on with what it "
        f"holds then: {_skip(partition)}"
    )


def _remade_otherwise(name: str, found: int, wanted: int, partition: int) -> str:
    return (
        f"{name} was deleted and made again with {found} partitions instead of {wanted} (by a broker's "
        "auto.create.topics.enable?): delete it, make it with: lifestage topics create, and go on with what it holds "
        f"then: {_skip(partition)}"
    )


def _skip(partition: int) -> str:
    return f"lifestage topics skip-lost --partition {partition}"
