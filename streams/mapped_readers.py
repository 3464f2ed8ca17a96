"""The readers of the mapped topics: each mapping compiled, and refused where it needs more than one record."""

from agents.record_events import RecordReader
from streams.environment import SettingsError
from streams.mapped_topics import MappedTopic
from streams.mapping.record_mapping import RecordMapping
from streams.mapping.shape import MappingShape
from streams.mapping.topic_records import TopicReader
from streams.mapping_file import MappingFileError, load_mapping
from streams.settings import Settings


def mapped_readers(settings: Settings) -> dict[str, RecordReader]:
    """Return what reads the records of each mapped topic. Raises ``SettingsError``."""
    return {it.topic: TopicReader(RecordMapping(_load(it)), settings.partitions) for it in settings.sources}


def _load(source: MappedTopic) -> MappingShape:
    path = source.mapping
    try:
        # What is no file may be one that ships.
        shape = load_mapping(str(path) if path.exists() else path.name).shape
    except MappingFileError as error:
        raise SettingsError(str(error)) from None
    _check(shape, source)
    return shape


def _check(shape: MappingShape, source: MappedTopic) -> None:
    needs = {
        "group_by": (bool(shape.group_by), "name the list of an order's lines as `each` in [products]"),
        "joins": (bool(shape.joins), "join the topics before (Kafka Streams, ksqlDB)"),
        "customers": (shape.customers is not None, "map their topic to identify events in a mapping of its own"),
        "returns": (any(event.returns for event in shape.events), "send refunds with the id of their order"),
    }
    for name, (used, fix) in needs.items():
        if used:
            raise SettingsError(
                f"{source.mapping}: `{name}` needs more than one record at a time, and {source.topic} is read record "
                f"by record; {fix}"
            )
