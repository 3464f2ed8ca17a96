"""The profile sink in Redis: one hash a customer, one set a stage, segment and step, one message a transition.

Keys, all under the prefix ``{app_id}:``

- ``customer:{id}``: a hash of ``profile`` (JSON), ``stage``, ``since``, ``seq``, ``as_of``, ``segments`` (a JSON list
  of keys), ``steps`` (a JSON list of ``ladder:step``), ``next_transition`` and ``next_at`` (absent when nothing is
  ahead), ``first_event_at``, ``version``, and ``snapshot`` (bytes for ``lifestage serve``, which tells the profile at
  any later instant)
- ``stage:{stage}``, ``segment:{key}`` and ``step:{ladder}:{step}``: sets of customer ids, changed at once with
  the hash
- ``transitions``: the channel on which every value of the transitions topic is published once it is committed;
  around a lost connection twice, around a crash or a rebalance perhaps not at all: the topic is the truth
- ``positions``: a hash of how far the sets and hashes have come: by partition an offset of the transitions topic. What
  is told before it was written. It is noted once a second
- ``mirror``: a random text; when it is missing, or the server was restarted, everything is written again
- ``worker:{instance}`` and ``workers``: what the workers tell of themselves, see ``streams.sinks.heartbeat``

``version`` is the position of the customer's partition group when the profile was read: ``upto``, then the number of
records behind the position, as digits of fixed length. A group has one writer at a time, whose commits move both only
forwards, and the profile is a function of what is committed. So of two writes, by any worker and at any time, the one
with the greater version saw everything that the other saw. The hash of a customer who is gone keeps only its version,
for a day. The keys of one script call lie on one server: Redis Cluster is not supported.
"""

import uuid
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    ClusterCrossSlotError,
    ClusterDownError,
    MovedError,
    RedisError,
    ResponseError,
)

from agents.profile_sink import MirrorLostError, ProfileVersion, Row
from schemas import instant
from schemas.profile import encode
from streams.settings import Settings

_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 10.0
_MAX_CONNECTIONS = 16
_GONE_SECONDS = 86_400
_VERSION_DIGITS = 16

_WRITE = f"""
local prefix, customer, version, stage = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local segments, steps = ARGV[5], ARGV[6]
local held = redis.call('HMGET', KEYS[1], 'version', 'stage', 'segments', 'steps')
if held[1] and held[1] > version then return 0 end
if held[2] and held[2] ~= stage then redis.call('SREM', prefix .. 'stage:' .. held[2], customer) end
if held[3] and held[3] ~= segments then
  for _, key in ipairs(cjson.decode(held[3])) do redis.call('SREM', prefix .. 'segment:' .. key, customer) end
end
if held[4] and held[4] ~= steps then
  for _, key in ipairs(cjson.decode(held[4])) do redis.call('SREM', prefix .. 'step:' .. key, customer) end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', version)
if stage == '' then
  redis.call('EXPIRE', KEYS[1], {_GONE_SECONDS})
  return 1
end
redis.call('HSET', KEYS[1], 'stage', stage, 'segments', segments, 'steps', steps, unpack(ARGV, 7))
redis.call('SADD', prefix .. 'stage:' .. stage, customer)
for _, key in ipairs(cjson.decode(segments)) do redis.call('SADD', prefix .. 'segment:' .. key, customer) end
for _, key in ipairs(cjson.decode(steps)) do redis.call('SADD', prefix .. 'step:' .. key, customer) end
return 1
"""


_REACHED = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
return 1
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of the keys of one installation."""

    prefix: str

    @classmethod
    def of(cls, settings: Settings) -> "Keys":
        """Return the names of an installation."""
        return cls(f"{settings.app_id}:")

    def customer(self, customer: str) -> str:
        """Return the key of a customer's hash."""
        return f"{self.prefix}customer:{customer}"

    def members(self, name: str) -> str:
        """Return the key of a set of customers: ``stage:STAGE``, ``segment:KEY`` or ``step:LADDER:STEP``."""
        return f"{self.prefix}{name}"

    def worker(self, instance: str) -> str:
        """Return the key of what a worker tells of itself."""
        return f"{self.prefix}worker:{instance}"

    @property
    def workers(self) -> str:
        """The key of the sorted set of the workers by the instant at which they were seen last."""
        return f"{self.prefix}workers"

    @property
    def transitions(self) -> str:
        """The channel of the transitions."""
        return f"{self.prefix}transitions"

    @property
    def positions(self) -> str:
        """The key of the hash that says by partition how far the mirror has come."""
        return f"{self.prefix}positions"

    @property
    def sentinel(self) -> str:
        """The key of the random text: when it is missing, everything else is missing too."""
        return f"{self.prefix}mirror"


class RedisSink:
    """A ``ProfileSink`` that writes to Redis. Raises ``ValueError`` for a URL it cannot use."""

    def __init__(self, settings: Settings) -> None:
        self._keys = Keys.of(settings)
        self._redis = connect(settings.redis_url)
        self._where = described(settings.redis_url)
        self._script = ""

    async def identity(self) -> str:
        """Return the sentinel, created if it is missing, and the server's run id; see ``ProfileSink``."""
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.script_load(_WRITE)  # every time, as a restart or SCRIPT FLUSH forgets it
            pipe.set(self._keys.sentinel, uuid.uuid4().hex, nx=True)
            pipe.get(self._keys.sentinel)
            pipe.info("server")
            script, _, sentinel, server = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise self._lost(error) from error
        for answer in (script, sentinel):
            if isinstance(answer, Exception):
                raise self._lost(answer) from answer
        self._script = script if isinstance(script, str) else script.decode()
        if isinstance(server, dict) and "cluster" in (server.get("redis_mode"), server.get("server_mode")):
            raise self._cluster()
        # Some hosts forbid INFO: there, an emptied Redis is noticed, but not one restored from an old copy.
        run = "" if isinstance(server, ResponseError) else server.get("run_id", "")
        return f"{sentinel.decode()} {run}"

    async def write(self, rows: Sequence[Row]) -> None:
        """Write all rows in one pipeline; see ``ProfileSink``."""
        try:
            pipe = self._redis.pipeline(transaction=False)
            for row in rows:
                arguments = [self._keys.prefix, row.customer, version_text(row.version), *_fields(row)]
                pipe.evalsha(self._script, 1, self._keys.customer(row.customer), *arguments)
                for value in row.transitions:
                    pipe.publish(self._keys.transitions, value)
            # The exception of a pipeline would quote the command, and with it a customer id, in the log.
            answers = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise self._lost(error) from error
        for answer in answers:
            if isinstance(answer, Exception):
                raise self._lost(answer) from answer

    async def reached(self, identity: str, positions: Mapping[int, int]) -> None:
        """Note how far the mirror has come; see ``ProfileSink``."""
        sentinel = identity.partition(" ")[0]
        numbers = [it for pair in positions.items() for it in pair]
        try:
            keys = (self._keys.sentinel, self._keys.positions)
            await self._redis.eval(_REACHED, 2, *keys, sentinel, *numbers)
        except (RedisError, OSError) as error:
            raise self._lost(error) from error

    async def close(self) -> None:
        """End the connections."""
        await self._redis.aclose()

    def _cluster(self) -> MirrorLostError:
        return MirrorLostError(
            f"Redis at {self._where} is a Redis Cluster, which is not supported, as a customer's hash and sets must "
            "lie on one server: name a Redis that is no Cluster in LIFESTAGE_REDIS_URL"
        )

    def _lost(self, error: Exception) -> MirrorLostError:
        if isinstance(error, MovedError | AskError | ClusterDownError | ClusterCrossSlotError):
            return self._cluster()
        return MirrorLostError(f"Redis at {self._where} does not take the mirror: {str(error) or type(error).__name__}")


def version_text(version: ProfileVersion) -> str:
    """Return a version as text that sorts as the versions do."""
    return f"{version[0]:0{_VERSION_DIGITS}d}{version[1]:0{_VERSION_DIGITS}d}"


def version_of(text: bytes) -> ProfileVersion:
    """Return the version that was written as this text."""
    return int(text[:_VERSION_DIGITS]), int(text[_VERSION_DIGITS:])


def connect(url: str) -> Redis:
    """Return a client that times out within seconds. Raises ``ValueError`` for a URL that cannot be used.

    Who asks while all connections are busy waits for one: one for each would be a storm when there is most to do.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_MAX_CONNECTIONS,
        timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),  # the caller knows better when to retry
    )
    return Redis.from_pool(pool)


def described(url: str) -> str:
    """Return the URL without user and password, for messages."""
    scheme, _, rest = url.partition("?")[0].partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


async def read_profile(redis: Redis, keys: Keys, customer: str) -> bytes | None:
    """Return a customer's profile as JSON, None when there is no such customer. Raises ``RedisError``."""
    answer = await cast(Awaitable[Any], redis.hget(keys.customer(customer), "profile"))
    return cast(bytes | None, answer)


def _fields(row: Row) -> list[str | bytes | int]:
    profile = row.profile
    if profile is None:
        return ["", "[]", "[]"]
    fields: list[str | bytes | int] = [
        profile.stage,
        orjson.dumps(list(profile.segments)) if profile.segments else "[]",
        orjson.dumps([f"{ladder}:{it.step}" for ladder, it in profile.steps.items()]) if profile.steps else "[]",
        "profile",
        encode(profile),
        "snapshot",
        row.snapshot,
        "since",
        profile.since,
        "seq",
        profile.seq,
        "as_of",
        profile.as_of,
    ]
    if row.first_event_at is not None:
        fields += ["first_event_at", instant.to_text(row.first_event_at)]
    if profile.next_transition is not None and profile.next_at is not None:
        fields += ["next_transition", profile.next_transition, "next_at", profile.next_at]
    return fields
