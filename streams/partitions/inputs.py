"""The input topics as a worker fetches them: by a client in the worker's event loop, without a consumer group."""

from collections.abc import Callable, Collection, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.connection import client_arguments
from streams.settings import Settings

_FETCH_BYTES = 4 * 1024 * 1024
_CAUGHT_UP_WAIT_MS = 500
_BEHIND_WAIT_MS = 10
_LITTLE_BYTES = 4096
"""What a broker may hold back: a dozen events."""


class Inputs:
    """A client that prefetches the partitions last assigned to it.

    Faust would fetch in its consumer's thread: each fetch would change threads four times, and wait each time until the
    other thread releases the interpreter. ``set_fetch_wait`` sets how many milliseconds the broker may hold a fetch
    that finds fewer than so many bytes.
    """

    def __init__(self, settings: Settings, set_fetch_wait: Callable[[AIOKafkaConsumer, int, int], None]) -> None:
        self._settings = settings
        self._set_fetch_wait = set_fetch_wait
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Connect; raises ``KafkaError``."""
        self._consumer = AIOKafkaConsumer(
            **client_arguments(self._settings),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=_FETCH_BYTES,
            max_poll_records=max(500, self._settings.batch_records),
        )
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()

    def places(self) -> Collection[TopicPartition]:
        """Return the partitions that are fetched."""
        places: Collection[TopicPartition] = self._client().assignment()
        return places

    def begin(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Fetch these partitions and no others, from these offsets on."""
        self._client().assign(list(offsets))
        self.seek(offsets)

    def seek(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Fetch on from these offsets."""
        for place, offset in offsets.items():
            self._client().seek(place, offset)

    async def fetch(
        self, places: Collection[TopicPartition], caught_up: bool, seconds: float, hold: float = 0.0
    ) -> Mapping[TopicPartition, list[ConsumerRecord]]:
        """Return the records of these partitions, waiting at most so many seconds for any; raises ``KafkaError``.

        A broker that is caught up with may ``hold`` a few records back for so many seconds, until there are more.
        """
        client = self._client()
        # While records of some partitions wait in the client, it asks for the others alone, and sends no further
        # request until that one is answered: partitions that have more would stall if the broker held it.
        if caught_up and hold:
            self._set_fetch_wait(client, int(hold * 1000), _LITTLE_BYTES)
        else:
            self._set_fetch_wait(client, _CAUGHT_UP_WAIT_MS if caught_up else _BEHIND_WAIT_MS, 1)
        fetched: Mapping[TopicPartition, list[ConsumerRecord]] = await client.getmany(
            *places, timeout_ms=int(seconds * 1000)
        )
        return fetched

    def end(self, place: TopicPartition) -> int:
        """Return the offset up to which records can be read now, 0 while that is not known."""
        stable: int | None = self._client().last_stable_offset(place)
        return (self._client().highwater(place) or 0) if stable is None or stable < 0 else stable

    async def position(self, place: TopicPartition) -> int:
        """Return the offset that is fetched next, past the markers of transactions, which are no records."""
        position: int = await self._client().position(place)
        return position

    async def first(self, place: TopicPartition) -> int:
        """Return where the log begins; raises ``KafkaError``."""
        first: int = (await self._client().beginning_offsets([place]))[place]
        return first

    def _client(self) -> AIOKafkaConsumer:
        assert self._consumer is not None
        return self._consumer
