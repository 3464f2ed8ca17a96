"""Private attributes of aiokafka 0.14.0, for what it has no public call: one function each."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer.fetcher import Fetcher, PartitionRecords
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance
from aiokafka.producer import sender
from aiokafka.protocol.group import LeaveGroupRequest

_TRANSACTION_BACKOFF_SECONDS = 0.005

_AT_ONCE_SECONDS = 0.002

_HELD_SECONDS = 0.05
"""Less than a broker holds a fetch, which it ends when something comes."""

_Fetch = Callable[[Fetcher, Any, int, Any], Awaitable[bool]]
_Join = Callable[[CoordinatorGroupRebalance], Awaitable[tuple[str, bytes] | None]]


def set_fetch_wait(consumer: AIOKafkaConsumer, milliseconds: int, least_bytes: int) -> None:
    """Set how long the broker may hold a fetch that finds less; the client takes both once, when it is made."""
    consumer._fetcher._fetch_max_wait_ms = milliseconds  # noqa: SLF001
    consumer._fetcher._fetch_min_bytes = least_bytes  # noqa: SLF001


def fetch_again_at_once(consumer: AIOKafkaConsumer) -> None:
    """Make a consumer fetch within milliseconds after it was sent to a place, or while records wait to be taken.

    Otherwise it rests for a tenth of a second.
    """
    consumer._fetcher._prefetch_backoff = _AT_ONCE_SECONDS  # noqa: SLF001


def read_committed_only(consumer: AIOKafkaConsumer) -> None:
    """Make a consumer that is not started yet skip aborted records, which Faust asks for only in exactly-once mode."""
    consumer._isolation_level = "read_committed"  # noqa: SLF001


def is_rejoining(consumer: AIOKafkaConsumer) -> bool:
    """Say whether the consumer waits to be assigned partitions anew."""
    return bool(consumer._subscription.reassignment_in_progress)  # noqa: SLF001


def shorten_transaction_backoff() -> None:
    """Let every producer of this process retry ``AddPartitionsToTxn`` after 5 ms, not 20.

    A transaction that follows immediately upon another is refused while the markers of the first are being written,
    which takes a few milliseconds.
    """
    sender.BACKOFF_OVERRIDE = _TRANSACTION_BACKOFF_SECONDS


def rejoin_without_assignment() -> None:
    """Let every consumer of this process join its group again if the broker's answer assigns nothing at all.

    An assignment of no partitions is a few bytes. The embedded broker answers with none to a member that the leader did
    not know of yet, and the client would end with an error on reading them.
    """
    CoordinatorGroupRebalance.perform_group_join = _assigned(CoordinatorGroupRebalance.perform_group_join)


def hold_empty_fetches() -> None:
    """Let every consumer of this process wait before it asks again where a fetch found nothing.

    A broker holds such a fetch until something comes. The embedded broker answers at once, and would be asked thousands
    of times a second.
    """
    Fetcher._proc_fetch_request = _held(Fetcher._proc_fetch_request)  # noqa: SLF001


def forget_old_aborts() -> None:
    """Let every consumer of this process skip no records for transactions that were aborted before what it fetched.

    The embedded broker lists an aborted transaction for ever, also to a consumer that has read past its end, and which
    would miss what the same producer commits later. This is right for who has read from the beginning without a gap:
    of what was begun before the place where they go on, everything is decided, and read.
    """
    PartitionRecords.__init__ = _without_old_aborts(PartitionRecords.__init__)


async def leave_group(admin: AIOKafkaAdminClient, coordinator: int, group: str, member: str) -> int:
    """Take a member out of a consumer group; return Kafka's error code, 0 for success."""
    client: Any = admin._client  # noqa: SLF001
    response = await client.send(coordinator, LeaveGroupRequest(group, member))
    code: int = response.error_code
    return code


def _held(fetch: _Fetch) -> _Fetch:
    if getattr(fetch, "__wrapped__", None) is not None:
        return fetch

    @wraps(fetch)
    async def held(fetcher: Fetcher, assignment: Any, node: int, request: Any) -> bool:
        began = time.monotonic()
        found = await fetch(fetcher, assignment, node, request)
        if not found:
            wait = min(_HELD_SECONDS, fetcher._fetch_max_wait_ms / 1000)  # noqa: SLF001
            with suppress(asyncio.CancelledError):  # as in ``fetch``, whose client waits for it when it ends
                await asyncio.sleep(max(0.0, began + wait - time.monotonic()))
        return found

    return held


def _without_old_aborts(made: Callable[..., None]) -> Callable[..., None]:
    if getattr(made, "__wrapped__", None) is not None:
        return made

    @wraps(made)
    def without(records: PartitionRecords, tp: Any, fetched: Any, aborted: Any, offset: int, *others: Any) -> None:
        made(records, tp, fetched, [it for it in aborted or () if it[1] >= offset], offset, *others)

    return without


def _assigned(join: _Join) -> _Join:
    if getattr(join, "__wrapped__", None) is not None:
        return join

    @wraps(join)
    async def joined(rebalance: CoordinatorGroupRebalance) -> tuple[str, bytes] | None:
        answer = await join(rebalance)
        # The client takes None for "wait, then join again".
        return answer if answer is not None and answer[1] else None

    return joined
