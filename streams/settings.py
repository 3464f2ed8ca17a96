"""The settings of one worker or command: the only reader of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from streams.environment import Environment, SettingsError
from streams.mapped_topics import MappedTopic, MappedTopicsError, read_mapped_topics
from streams.partitioner import PARTITIONERS, Partitioner
from streams.security import Security, security_of
from streams.serve_settings import ServeSettings

Subject = Literal["customer", "account"]
Clock = Literal["wall", "stream"]
Store = Literal["memory", "disk"]
Log = Literal["text", "json"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
CLOCKS: tuple[Clock, ...] = get_args(Clock)
STORES: tuple[Store, ...] = get_args(Store)
LOGS: tuple[Log, ...] = get_args(Log)
LOG_LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)
TRACE_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between two installations; times are in seconds.

    ``instance`` names this worker among the workers of ``app_id``: a worker that starts removes a dead one of
    the same instance from the group, so two running workers must not share it. Empty: nobody is removed.
    ``embedded`` says that the broker is noida-db, which keeps listing a producer as aborted after the end of its
    aborted transaction: its changelogs must be read from the beginning, or records are missed.
    ``partitioner`` is that of all producers of the input topics; ``any``: records are not checked for their place.
    ``store`` says where the snapshots are kept, in memory or in a file of this worker under ``data``; both are rebuilt
    from the changelog. ``log`` says how lines are written to it, ``log_level`` from which level on, and ``log_clients``
    that those of Kafka's client and of Faust are among them. ``policy`` is ``None`` for the policy that ships with
    the product. ``subject`` says who is decided: customers, or the accounts that their events name, which read what the
    customers' workers write if ``accounts`` is set there. ``sources`` are the input topics besides the usual four.
    ``linger`` is the longest wait for more records before a transaction, 0 for none.
    ``web_tokens`` is a file with the tokens that metrics and health want; None: they want none.
    ``traces``: OpenTelemetry's own variables name a collector.
    """

    broker: str = "127.0.0.1:9092"
    redis_url: str = "redis://127.0.0.1:6379/0"
    app_id: str = "lifestage"
    topic_prefix: str = ""
    partitions: int = 4
    partitioner: Partitioner = "murmur2"
    replication: int = 1
    policy: Path | None = None
    subject: Subject = "customer"
    accounts: bool = False
    sources: tuple[MappedTopic, ...] = ()
    clock: Clock = "wall"
    store: Store = "memory"
    log: Log = "text"
    log_level: LogLevel = "INFO"
    log_clients: bool = False
    web_host: str = "127.0.0.1"
    web_port: int = 6066
    web_tokens: Path | None = None
    data: Path = Path(".lifestage")
    instance: str = ""
    session_timeout: float = 10.0
    batch_records: int = 4000
    linger: float = 0.4
    batch_timeout: float = 30.0
    availability_timeout: float = 120.0
    failpoint: str = ""
    embedded: bool = False
    traces: bool = False
    security: Security = field(default_factory=Security)
    serve: ServeSettings = field(default_factory=ServeSettings)

    @property
    def client_id(self) -> str:
        """The client id that this worker gives to Kafka."""
        return f"{self.app_id}-{self.instance}" if self.instance else self.app_id

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the ``LIFESTAGE_*`` variables; raises ``SettingsError`` for the first one that is wrong."""
        return cls.read(Environment(environ))

    @classmethod
    def read(cls, read: Environment) -> "Settings":
        """Read them as ``from_environment`` does, from an environment that then knows all names of settings."""
        default = cls()
        policy = read.text("POLICY", "")
        subject = read.one_of("SUBJECT", default.subject, SUBJECTS)
        app_id = default.app_id if subject == "customer" else f"{default.app_id}-accounts"
        settings = cls(
            broker=read.checked("BROKER", default.broker, _brokers, "host:port, several separated by commas"),
            redis_url=read.checked("REDIS_URL", default.redis_url, _redis_url, "redis://host:port/number"),
            app_id=read.checked("APP_ID", app_id, _topic_word, "letters, digits, '.', '_' and '-'"),
            topic_prefix=read.checked("TOPIC_PREFIX", "", _topic_prefix, "letters, digits, '.', '_' and '-'"),
            partitions=read.whole("PARTITIONS", default.partitions, least=1),
            partitioner=read.one_of("PARTITIONER", default.partitioner, PARTITIONERS),
            replication=read.whole("REPLICATION", default.replication, least=1),
            policy=Path(policy) if policy else None,
            subject=subject,
            accounts=read.yes("ACCOUNTS"),
            sources=_sources(read.text("SOURCES", "")),
            clock=read.one_of("CLOCK", default.clock, CLOCKS),
            store=read.one_of("STORE", default.store, STORES),
            log=read.one_of("LOG", default.log, LOGS),
            log_level=read.checked("LOG_LEVEL", default.log_level, _log_level, " or ".join(LOG_LEVELS)),
            log_clients=read.yes("LOG_CLIENTS"),
            web_host=read.text("WEB_HOST", default.web_host),
            web_port=read.port("WEB_PORT", default.web_port),
            web_tokens=read.file("WEB_TOKENS"),
            data=Path(read.text("DATA", str(default.data))),
            instance=read.text("INSTANCE", ""),
            session_timeout=read.seconds("SESSION_TIMEOUT", default.session_timeout),
            batch_records=read.whole("BATCH_RECORDS", default.batch_records, least=1),
            linger=read.seconds("LINGER", default.linger, least=0.0),
            batch_timeout=read.seconds("BATCH_TIMEOUT", default.batch_timeout),
            availability_timeout=read.seconds("AVAILABILITY_TIMEOUT", default.availability_timeout),
            failpoint=read.text("FAILPOINT", ""),
            embedded=read.yes("EMBEDDED"),
            traces=any(read.foreign(name) for name in TRACE_ENDPOINTS),
            security=security_of(read),
            serve=ServeSettings.from_environment(read),
        )
        _check_subject(settings)
        return settings


def _sources(given: str) -> tuple[MappedTopic, ...]:
    try:
        return read_mapped_topics(Path(given)) if given else ()
    except MappedTopicsError as error:
        raise SettingsError(f"LIFESTAGE_SOURCES cannot be used: {error}") from None


def _check_subject(settings: Settings) -> None:
    if settings.subject == "customer":
        return
    if settings.accounts:
        fix = "set it where customers are decided, whose workers write the events of accounts"
        raise SettingsError(f"LIFESTAGE_ACCOUNTS is yes, and LIFESTAGE_SUBJECT is account: {fix}")
    if settings.sources:
        fix = "set it where customers are decided, whose workers pass on what names an account"
        raise SettingsError(f"LIFESTAGE_SOURCES is set, and LIFESTAGE_SUBJECT is account: {fix}")


def _brokers(given: str) -> str:
    addresses = [address.strip().removeprefix("kafka://") for address in given.split(",")]
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not host or not 0 < int(port) < 65536:
            raise ValueError
    return ",".join(addresses)


def _redis_url(given: str) -> str:
    if given and not given.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError
    return given


def _log_level(given: str) -> LogLevel:
    for level in LOG_LEVELS:
        if level == given.upper():
            return level
    raise ValueError


def _topic_prefix(given: str) -> str:
    if not all(letter.isascii() and (letter.isalnum() or letter in "._-") for letter in given):
        raise ValueError
    return given


def _topic_word(given: str) -> str:
    if not given:
        raise ValueError
    return _topic_prefix(given)
