"""The configuration of topics: what they are made with, and what is to be told of those that exist."""

from collections.abc import Mapping, Sequence

_DAY = 86_400_000
# A reject carries its record as text, a third longer than the megabyte that a producer may send.
MAX_RECORD = 4 * 1024 * 1024
TRANSITIONS_KEPT, REJECTS_KEPT = 400 * _DAY, 30 * _DAY
"""How long what is told is kept, in ms; transitions from the instant at which they happened."""
_COMPACTION = {
    # A segment that is being written is not compacted: what lies in it is read at each start, however old it is.
    "segment.bytes": str(16 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": str(_DAY),
}
_TIMES, _APPENDED = "message.timestamp.type", "LogAppendTime"

# The broker's own time: with each commit, workers learn whether their clock is right.
CHANGELOG = {"cleanup.policy": "compact", "max.message.bytes": str(MAX_RECORD), **_COMPACTION, _TIMES: _APPENDED}
"""With what the changelog is made."""
# By its own time, a broker refuses what a worker publishes first whose clock is wrong, and nobody is told of the clock.
POLICIES = {"cleanup.policy": "compact", "max.message.bytes": str(MAX_RECORD), _TIMES: _APPENDED}
"""With what the topic of the policies is made."""
REJECTS = {"retention.ms": str(REJECTS_KEPT), _TIMES: _APPENDED}
"""With what rejects are made: kept from when they were rejected, since what was sent may be years old."""

Configuration = Mapping[str, str]


def compaction_warnings(configuration: Configuration, changelog: str) -> list[str]:
    """Return what is to be told of a changelog in which old state stays for long."""
    other = {name: wanted for name, wanted in _COMPACTION.items() if float(configuration.get(name, 0)) > float(wanted)}
    if not other:
        return []
    found = ", ".join(f"{name}={configuration[name]}" for name in other)
    wanted = ",".join(f"{name}={value}" for name, value in other.items())
    return [
        f"{changelog} has {found}: old state stays in it for long, and is read at each start; "
        f"kafka-configs.sh --alter --topic {changelog} --add-config {wanted}"
    ]


def clock_warnings(configuration: Configuration, changelog: str) -> list[str]:
    """Return what is to be told of a changelog by which no clock can be checked."""
    if configuration.get(_TIMES, _APPENDED) == _APPENDED:
        return []
    fix = f"kafka-configs.sh --alter --topic {changelog} --add-config {_TIMES}={_APPENDED}"
    return [
        f"{changelog} has the times of its writers: nobody sees if this machine's clock is wrong; mend it with: {fix}"
    ]


def for_ever_warnings(configurations: Mapping[str, Configuration], kept: Mapping[str, int]) -> list[str]:
    """Return what is to be told of topics that keep all that was told of customers; ``kept``: enough, in ms."""
    return [
        f"{name} keeps what is told of customers for ever, also of those who were forgotten: "
        f"kafka-configs.sh --alter --topic {name} --add-config retention.ms={enough}"
        for name, enough in kept.items()
        if configurations[name].get("retention.ms") == "-1"
    ]


def retention_warnings(
    configurations: Mapping[str, Configuration], inputs: Sequence[str], looks_back_days: int
) -> list[str]:
    """Return what is to be told of inputs that keep their records for fewer days than a policy looks back."""
    warnings = []
    for name in inputs:
        retention = int(configurations[name].get("retention.ms", "-1"))
        if 0 <= retention < looks_back_days * _DAY:
            warnings.append(
                f"{name} keeps its records for {retention / _DAY:.1f} days and the policy looks back "
                f"{looks_back_days}: the worker is not harmed, but the topic cannot be replayed in full"
            )
    return warnings
