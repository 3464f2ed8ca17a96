"""Reading the topic of policies: every published policy, compiled."""

from collections.abc import Mapping

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError

from agents.policies import Policies, PublishedPolicy
from schemas.policy_record import LANGUAGE, PolicyRecord, PolicyRecordError, decode, number_of
from state.features.catalogue import catalogue
from state.policy.compiled import read_policy
from state.policy.text import PolicyError
from state.rules.rulebook import Rulebook
from streams.settings import Settings
from streams.topic_reader import TopicUnreadableError, open_topic
from streams.topics import topics_of

_NEWER = "run the version of lifestage that published it, or publish it again with this one"


async def read_records(settings: Settings) -> dict[int, ConsumerRecord]:
    """Return the committed records of the topic by number. Raises ``TopicUnreadableError``."""
    topic = topics_of(settings).policies
    records: dict[int, ConsumerRecord] = {}
    async with open_topic(settings, topic) as reader:
        async for record in reader.until_now():
            try:
                records.setdefault(number_of(record.key), record)
            except PolicyRecordError as error:
                raise TopicUnreadableError(f"{topic} at offset {record.offset}: {error}; who wrote it?") from None
    return records


async def read_policies(settings: Settings) -> Policies:
    """Return every published policy. Raises ``TopicUnreadableError``."""
    return Policies(compiled(await read_records(settings)))


def compiled(records: Mapping[int, ConsumerRecord], known: Policies | None = None) -> list[PublishedPolicy]:
    """Return the policies of records; those that are ``known`` are left out."""
    return [
        _published(number, record.value)
        for number, record in sorted(records.items())
        if known is None or known.numbered(number) is None
    ]


def _published(number: int, value: bytes) -> PublishedPolicy:
    try:
        record = decode(value)
    except PolicyRecordError as error:
        # When it is to take effect is not known, so nobody goes on: it may be now.
        return PublishedPolicy(number, "?", 0, False, None, f"policy {number} cannot be read: {error}; {_NEWER}")
    rules, why = _rules(record)
    return PublishedPolicy(number, record.version, record.effective_at, record.silent, rules, why)


def _rules(record: PolicyRecord) -> tuple[Rulebook | None, str]:
    told = f"policy {record.number} ({record.version}) cannot be read"
    if record.language > LANGUAGE:
        return None, f"{told}: its language is {record.language}, and this version reads {LANGUAGE}; {_NEWER}"
    try:
        compiled = read_policy(record.toml, catalogue)
    except PolicyError as error:
        first = error.problems[0]
        return None, f"{told}, line {first.line}: {first.message}; {_NEWER}"
    if compiled.version != record.version:
        return None, f"{told}: this version makes {compiled.version} of it; {_NEWER}"
    return Rulebook(compiled), ""


READING_ERRORS = (KafkaError, TopicUnreadableError, OSError, TimeoutError)
"""What reading raises while Kafka is away."""
