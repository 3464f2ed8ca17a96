"""Commands that need no server, and what every command says about options and settings that cannot be used."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from click.testing import CliRunner, Result

from streams.cli.commands import topics as topics_command
from streams.cli.main import main
from streams.partitions import adopt, first_opening, skip_lost
from streams.partitions.changelog import MarkerMissingError
from streams.policy_file import shipped_policy
from streams.settings import Settings
from streams.topics import TopicsError

ORDER = (
    '{"type":"track","event":"Order Completed","messageId":"m1","userId":"c1","timestamp":"2025-01-05T08:00:00Z",'
    '"properties":{"order_id":"o1","total":15.0}}\n'
)


def call(*arguments: object, **variables: str) -> Result:
    environment: dict[str, str | None] = {"COLUMNS": "200", **variables}
    return CliRunner().invoke(main, list(map(str, arguments)), env=environment)


@pytest.mark.parametrize("name", ["one.jsonl", "one.jsonl.gz"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    options = ("simulate", "--customers", 3, "--days", 30, "--start", "2025-03-01")
    written = []
    for seed, path in ((5, tmp_path / "a"), (5, tmp_path / "b"), (6, tmp_path / "c")):
        path.mkdir()
        done = call(*options, "--seed", seed, "--out", path / name)
        assert done.exit_code == 0, done.output
        written.append((path / name).read_bytes())
    assert written[0] == written[1] != written[2]
    plain = gzip.decompress(written[0]) if name.endswith("gz") else written[0]
    assert all(json.loads(line)["timestamp"] >= "2025-03-01" for line in plain.splitlines())


def test_simulated_events_become_transitions_profiles_and_rejects(tmp_path: Path) -> None:
    events, rejected = tmp_path / "events.jsonl.gz", tmp_path / "rejects.jsonl"
    transitions, profiles = tmp_path / "transitions.jsonl.gz", tmp_path / "profiles.jsonl"
    call("simulate", "--customers", 5, "--days", 200, "--out", events)
    lines = gzip.decompress(events.read_bytes()).splitlines()
    events.write_bytes(gzip.compress(b"\n".join([*lines, lines[0], b"{"])))
    options = ("--out", transitions, "--profiles", profiles, "--rejects", rejected, "--processes", 2)
    duplicates = ("--duplicates", tmp_path / "duplicates.jsonl")
    done = call("backtest", events, *options, *duplicates, "--until", "2025-12-31")
    assert done.exit_code == 0, done.output
    told = {" ".join(line.split()) for line in done.output.splitlines()}
    assert {f"events in {len(lines) + 2:,}", f"applied {len(lines):,}", "rejected 1"} <= told
    first = json.loads(lines[0])
    again = f"identify of {first['timestamp']} again, messageId {first['messageId']}"
    assert f"duplicates 1 line {len(lines) + 1}: {again}" in told
    assert (tmp_path / "duplicates.jsonl").read_text() == f'{{"line":{len(lines) + 1}}}\n'
    assert f"not_json 1 line {len(lines) + 2}: Input data was truncated: send one whole JSON object" in told
    assert f"all rejects: in {rejected}" in done.output
    assert "decided until 2025-12-31T00:00:00.000Z" in done.output
    assert len(rejected.read_bytes().splitlines()) == 1
    customers = {json.loads(line)["userId"] for line in profiles.read_bytes().splitlines()}
    published = [json.loads(line) for line in gzip.decompress(transitions.read_bytes()).splitlines()]
    assert {it["userId"] for it in published} <= customers
    assert len(customers) == 5


def test_unknown_names_are_written_with_their_counts_and_the_nearest_name(tmp_path: Path) -> None:
    events, names = tmp_path / "events.jsonl", tmp_path / "names.jsonl"
    lines = [
        {"event": name, "userId": "c1", "timestamp": "2025-03-01T10:00:00Z", "properties": {"order_id": 1, "total": 5}}
        for name in ("Order Completed", "Order Compleet", "Gift Wrapped", "Order Compleet", "x" * 80)
    ]
    events.write_text("\n".join(map(json.dumps, lines)))
    done = call("backtest", events, "--out", "-", "--unknown", names, "--processes", 2)
    assert done.exit_code == 0, done.output
    assert [json.loads(line) for line in names.read_bytes().splitlines()] == [
        {"name": "Order Compleet", "count": 2, "line": 2, "nearest": "Order Completed"},
        {"name": "Gift Wrapped", "count": 1, "line": 3, "nearest": None},
        {"name": "x" * 64, "count": 1, "line": 5, "nearest": None},
    ]
    assert "line 2; do you mean Order Completed?" in done.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("customer,total\nc1,5\n", "is CSV with the columns customer, total: give --mapping"),
        ("", "holds no event"),
        ('{"event":"Gift","userId":"c","timestamp":"2025-03-01T10:00:00Z"}', "has a name that lifestage knows"),
        ('{"event":"Order Completed","userId":"c"}', "could be used, mostly because of missing_timestamp"),
    ],
)
@pytest.mark.parametrize("command", [("backtest", "--out", "-", "--processes", 1), ("replay",)], ids=lambda it: it[0])
def test_a_file_without_a_usable_event_ends_with_status_2_and_one_sentence(
    tmp_path: Path, command: tuple[str, ...], content: str, told: str
) -> None:
    path = tmp_path / "events"
    path.write_text(content)
    done = call(command[0], path, *command[1:], LIFESTAGE_BROKER="127.0.0.1:1")
    assert done.exit_code == 2, done.output
    (line,) = [line for line in done.output.splitlines() if line.startswith("Error: ")]
    assert told in line


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "No such file", id="missing"),
        pytest.param(b"\x1f\x8bnot gzip", "Unknown compression method|Not a gzipped file", id="another format"),
        pytest.param(gzip.compress(b"{}\n" * 1000)[:20], "end-of-stream", id="cut short"),
        pytest.param(gzip.compress(b"{}\n")[:10] + b"\xff" * 20, "invalid", id="damaged"),
    ],
)
@pytest.mark.parametrize("command", [("backtest", "--out", "-", "--processes", "1"), ("replay",)], ids=lambda it: it[0])
def test_a_file_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, content: bytes | None, problem: str, command: tuple[str, ...]
) -> None:
    path = tmp_path / "events.jsonl.gz"
    if content is not None:
        path.write_bytes(content)
    done = call(command[0], path, *command[1:], LIFESTAGE_BROKER="127.0.0.1:1")
    assert done.exit_code == 2
    (line,) = [line for line in done.output.splitlines() if line.startswith("Error: ")]
    assert f"{path} cannot be read" in line
    assert re.search(problem, line)


def test_outputs_are_tried_before_the_work(tmp_path: Path) -> None:
    kept, new = tmp_path / "kept.jsonl", tmp_path / "new.jsonl"
    kept.write_text("before")
    for wrong in (tmp_path, tmp_path / "none" / "x" / "o.jsonl", kept / "o.jsonl"):
        for outputs in (("--out", wrong), ("--out", new, "--profiles", kept, "--duplicates", wrong)):
            done = call("backtest", tmp_path / "not-even-looked-for.jsonl", *outputs)
            assert (done.exit_code, done.output.count("\n")) == (1, 1)
            assert done.output.startswith(f"Error: {wrong} cannot be written: ")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.jsonl"]
    assert kept.read_text() == "before"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_clear_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text(ORDER)
    done = call("backtest", events, "--out", "/dev/full", "--processes", "1")
    assert done.exit_code == 1
    assert done.output.endswith("Error: /dev/full cannot be written: No space left on device\n")
    assert capfd.readouterr().err == "", "no process of the pool has anything to add"


def test_a_backtest_goes_on_under_another_policy_from_an_instant_on(tmp_path: Path) -> None:
    events, second, out = tmp_path / "events.jsonl", tmp_path / "second.toml", tmp_path / "out.jsonl"
    events.write_text(ORDER, "utf-8")
    second.write_text('name = "next"\n[[segments]]\nkey = "a"\nname = "A"\nenter = "orders >= 1"\n', "utf-8")
    other = tmp_path / "other.toml"
    other.write_text('name = "next"\n[money]\ncurrency = "EUR"\n', "utf-8")
    until = ("--until", "2025-01-20", "--out", out, "--processes", 1)

    done = call("backtest", events, *until, "--then", "2025-01-08", second)
    told = [json.loads(line) for line in out.read_bytes().splitlines()]
    last = told[-1]["properties"]
    assert (told[-1]["timestamp"], last["audience_key"], last["cause"]) == ("2025-01-08T00:00:00.000Z", "a", "policy")
    assert (last["policy_version"], last["seq"]) == (last["cause_event"], len(told))
    assert f"and from 2025-01-08T00:00:00.000Z on under {last['policy_version']}" in done.output
    call("backtest", events, *until, "--then-silently", "2025-01-08", second)
    untold = [it for it in told if it["properties"]["cause"] != "policy"]
    assert [json.loads(line) for line in out.read_bytes().splitlines()] == untold
    twice = ("--then", "2025-01-08", second, "--then-silently", "2025-01-08", second)
    for refused, words in [
        (("--then", "2025-01-08", other), "to the policy of 2025-01-08T00:00:00.000Z: currency in [money] is 'EUR'"),
        (twice, "two policies follow at 2025-01-08"),
        (("--published", "--policy", second), "leave out --policy and --then"),
    ]:
        done = call("backtest", events, *until, *refused)
        assert done.exit_code != 0
        assert words in " ".join(done.output.split())


def test_a_backtest_until_before_the_first_event_says_that_nothing_had_happened(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text(ORDER)
    done = call("backtest", events, "--out", tmp_path / "o.jsonl", "--until", "2020-01-01", "--processes", "1")
    assert done.exit_code == 0
    assert "nothing had happened by 2020-01-01T00:00:00.000Z: every event lies later" in done.output


def test_the_policy_that_ships_is_fine_and_a_wrong_one_is_explained(tmp_path: Path) -> None:
    done = call("policy", "check")
    assert (done.exit_code, "at risk" in done.output) == (0, True)
    assert "def " in call("policy", "check", "--code").output
    wrong = tmp_path / "policy.toml"
    wrong.write_text('[policy]\nname = "x"\n')
    done = call("policy", "check", wrong)
    assert done.exit_code == 1
    assert done.output.startswith(f"{wrong}:")
    assert "cannot be read" in call("policy", "check", tmp_path / "none.toml").output


SAMPLED = """name = "sampled"
[[segments]]
key = "asked"
name = "Asked"
enter = '''
count("Order Completd", 30) >= 1 or sum("Order Completed", totl, 30, where = channel == "app") > 5
or traits.plann == "gold" or count("Plan Chosen", 30, where = plan == "gold") > 1'''
"""
SAMPLE = [
    {"event": "order_completed", "properties": {"order_id": "1", "total": 5, "channel": "web"}},
    {"event": "plan chosen", "properties": {"name": "gold", "price": 3}},
    {"event": "Product Viewed", "context": {"traits": {"plan": "gold"}}},
]


def test_a_sample_tells_which_names_of_a_policy_it_does_not_have(tmp_path: Path) -> None:
    policy, sample = tmp_path / "policy.toml", tmp_path / "sample.json"
    policy.write_text(SAMPLED)
    events = [{"userId": "c", "timestamp": "2026-01-01T00:00:00Z", **it} for it in SAMPLE]
    sample.write_text(json.dumps([*events, {"userId": ""}]))
    done = call("policy", "check", policy, "--events", sample)
    assert done.exit_code == 0
    assert [line.removeprefix(f"{policy}: warning: ") for line in done.stderr.splitlines()] == [
        "no event in the sample is `Order Completd`. did you mean `Order Completed`?",
        "no `Order Completed` in the sample has a usable `totl`. did you mean `total`?",
        "no `Plan Chosen` in the sample has a usable `plan`. there are `name`, `price`",
        "nothing in the sample says the trait `plann`. did you mean `plan`?",
        f"{sample}: 3 events of 3 names, and 1 that cannot be used",
    ]
    assert call("policy", "check", policy, "--events", tmp_path / "none.jsonl").exit_code == 2


SIGNALLED = """name = "sampled"
[[signals]]
key = "s"
name = "S"
per = "cart"
[[signals.steps]]
event = "Plan Chosen"
where = "plan == 'gold'"
[[signals.steps]]
event = "Order Completd"
within_days = 1
[signals.unless]
events = ["Product Viewd", "Order Completed"]
where = "totl > 3"
within_days = 1
"""


def test_a_sample_tells_which_events_and_properties_of_signals_it_does_not_have(tmp_path: Path) -> None:
    policy, sample = tmp_path / "policy.toml", tmp_path / "sample.json"
    policy.write_text(SIGNALLED)
    sample.write_text(json.dumps([{"userId": "c", "timestamp": "2026-01-01T00:00:00Z", **it} for it in SAMPLE]))
    done = call("policy", "check", policy, "--events", sample)
    told = [line.removeprefix(f"{policy}: warning: ") for line in done.stderr.splitlines()]
    assert [it for it in told if "in the sample" in it] == [
        "no event in the sample is `Order Completd`. did you mean `Order Completed`?",
        "no event in the sample is `Product Viewd`. did you mean `Product Viewed`?",
        "no `Order Completed` in the sample has a usable `cart`. there are `order_id`, `total`, `channel`",
        "no `Order Completed` in the sample has a usable `totl`. did you mean `total`?",
        "no `Plan Chosen` in the sample has a usable `cart`. there are `name`, `price`",
        "no `Plan Chosen` in the sample has a usable `plan`. there are `name`, `price`",
    ]


ODD = """name = "sampled"
[traits]
birth = "number"
plan = "date"
[[segments]]
key = "asked"
name = "Asked"
enter = '''
distinct("Referral Sent", tags) > 1 or sum("Referral Sent", channel) > 1 or sum("Referral Sent", friends) > 1
or count("Referral Sent", where = cart == "x") > 1 or traits.birth > 1'''
"""


def test_a_sample_tells_what_is_there_and_cannot_be_used(tmp_path: Path) -> None:
    policy, sample = tmp_path / "policy.toml", tmp_path / "sample.json"
    policy.write_text(ODD)
    said = {"tags": ["a"], "channel": "mail", "friends": "3", "cart": {"id": 1}}
    events = [
        {"event": "Referral Sent", "properties": said},
        {"type": "identify", "traits": {"birth": "1990-01-01", "plan": "gold"}},
    ]
    sample.write_text(json.dumps([{"userId": "c", "timestamp": "2026-01-01T00:00:00Z", **it} for it in events]))
    done = call("policy", "check", policy, "--events", sample)
    assert done.exit_code == 0
    assert [line.removeprefix(f"{policy}: warning: ") for line in done.stderr.splitlines()] == [
        "no `Referral Sent` in the sample has a usable `cart`: it is never a text, a number or a flag",
        "no `Referral Sent` in the sample has a number as its `channel`",
        "no `Referral Sent` in the sample has a usable `tags`, but lists. declare it in [context], as in "
        'tags = ["properties.tags[]"]',
        "the trait `birth` is said in the sample, but never as a number, which [traits] declares",
        "the trait `plan` is said in the sample, but never as a date, which [traits] declares",
        f"{sample}: 2 events of 2 names",
    ]
    policy.write_text(f'{ODD}[context]\ntags = ["properties.tags[]"]\n')
    assert "`tags`" not in call("policy", "check", policy, "--events", sample).stderr


def test_a_sample_without_any_usable_event_is_told(tmp_path: Path) -> None:
    sample = tmp_path / "bad.jsonl"
    sample.write_text('hello\n{"userId": "c"}\n')
    done = call("policy", "check", "--events", sample)
    assert done.exit_code == 2
    assert f"{sample} has no usable event: 2 cannot be used, the first since not_json: " in done.stderr


def test_a_simulated_sample_is_one_too() -> None:
    done = call("policy", "check", "--events", "simulated-club")
    assert done.exit_code == 0
    assert "simulated-club: " in done.stderr and " events of " in done.stderr


def test_schemas_are_written_into_a_folder(tmp_path: Path) -> None:
    done = call("schema", "export", tmp_path / "new")
    written = sorted((tmp_path / "new").iterdir())
    assert sorted(done.output.split()) == [str(path) for path in written]
    assert "asyncapi.json" in {path.name for path in written}
    assert all(json.loads(path.read_bytes()) for path in written)
    (tmp_path / "file").write_text("")
    assert "cannot be written" in call("schema", "export", tmp_path / "file").output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("replay", "simulated", "--rate", "fast"), "'fast' is no rate: write it like 500/s"),
        (("replay", "simulated", "--rate", "0/s"), "is no rate"),
        (("replay", "simulated", "--rate", "5/s", "--speed", "2"), "--rate and --speed exclude each other"),
        (("replay", "simulated", "--end", "yesterday"), "yesterday"),
        (("demo", "--fresh", "--continue"), "--fresh and --continue exclude each other"),
        (("demo", "--broker", "nowhere"), "LIFESTAGE_BROKER is 'nowhere'"),
        (("unheard-of",), "No such command"),
    ],
)
def test_options_that_cannot_be_used_are_refused(arguments: tuple[str, ...], problem: str) -> None:
    done = call(*arguments)
    assert done.exit_code == 2
    assert problem in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("worker",),
        ("topics", "check"),
        ("tail",),
        ("rejects",),
        ("show", "c"),
        ("topics", "skip-lost", "--partition", "0"),
    ],
)
def test_a_wrong_setting_ends_a_command_with_status_2(arguments: tuple[str, ...]) -> None:
    done = call(*arguments, LIFESTAGE_PARTITIONS="none")
    assert done.exit_code == 2
    assert done.output == "Error: LIFESTAGE_PARTITIONS is 'none': set it to a whole number, 1 or more\n"


def test_show_needs_a_redis() -> None:
    done = call("show", "c", LIFESTAGE_REDIS_URL="")
    assert (done.exit_code, "there is no mirror" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (TopicsError("no such topic: x"), "Error: no such topic: x"),
        (MarkerMissingError("x[0] holds records but no position"), "Error: x[0] holds records but no position"),
        (KafkaConnectionError("refused"), "LIFESTAGE_BROKER says where it is"),
        (TimeoutError(), "Error: Kafka at 127.0.0.1:9092: TimeoutError()"),
    ],
)
def test_what_keeps_lost_records_from_being_skipped_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    async def fail(_settings: Settings, _partition: int) -> dict[str, int]:
        raise error

    monkeypatch.setattr(skip_lost, "skip", fail)
    done = call("topics", "skip-lost", "--partition", 0)
    assert done.exit_code == 1
    assert line in done.output


@pytest.mark.parametrize(
    ("skipped", "output"), [({}, "partition 3 has lost nothing\n"), ({"t": 20}, "t[3] goes on at 20\n")]
)
def test_skipped_records_are_named(monkeypatch: pytest.MonkeyPatch, skipped: dict[str, int], output: str) -> None:
    async def skip(_settings: Settings, partition: int) -> dict[str, int]:
        assert partition == 3
        return skipped

    monkeypatch.setattr(skip_lost, "skip", skip)
    assert call("topics", "skip-lost", "--partition", 3).output == output


@pytest.mark.parametrize(
    ("adopted", "output"),
    [
        ([], "nothing to adopt: the topics are those that were counted\n"),
        ([1, 3], "the topics that exist are those of partitions 1, 3 now\n"),
    ],
)
def test_adopted_partitions_are_named(monkeypatch: pytest.MonkeyPatch, adopted: list[int], output: str) -> None:
    async def adopt_some(_settings: Settings) -> list[int]:
        return adopted

    monkeypatch.setattr(adopt, "adopt", adopt_some)
    assert call("topics", "adopt").output == output


@pytest.mark.parametrize(
    ("begun", "output"),
    [
        ([], "all topics are there\nno partition starts over: each has its position\n"),
        ([0, 2], "all topics are there\neverything is counted again in partitions 0, 2\n"),
    ],
)
def test_what_starts_over_is_named(monkeypatch: pytest.MonkeyPatch, begun: list[int], output: str) -> None:
    async def nothing(_settings: Settings) -> list[str]:
        return []

    async def start_over(_settings: Settings) -> list[int]:
        return begun

    monkeypatch.setattr(topics_command, "create", nothing)
    monkeypatch.setattr(topics_command, "check", nothing)
    monkeypatch.setattr(first_opening, "start_over", start_over)
    assert call("topics", "create", "--start-over").output == output


@pytest.mark.parametrize(
    ("created", "output"),
    [([], "all topics are there\nwarning: short\n"), (["a", "b"], "created a\ncreated b\nwarning: short\n")],
)
def test_topics_that_were_created_are_named(monkeypatch: pytest.MonkeyPatch, created: list[str], output: str) -> None:
    async def create(_settings: Settings) -> list[str]:
        return created

    async def check(_settings: Settings, *_days: Any) -> list[str]:
        return ["short"]

    monkeypatch.setattr(topics_command, "create", create)
    monkeypatch.setattr(topics_command, "check", check)
    done = call("topics", "create")
    assert (done.exit_code, done.output) == (0, output)


def test_a_policy_of_ones_own_begins_with_the_one_that_ships(tmp_path: Path) -> None:
    done = call("policy", "init", "--currency", "gbp", "--zone", "Europe/London")
    path = tmp_path / "mine.toml"
    path.write_text(done.output)
    assert (done.exit_code, call("policy", "check", path).exit_code) == (0, 0)
    assert ('currency = "GBP"' in done.output, 'zone = "Europe/London"' in done.output) == (True, True)
    assert call("policy", "init").output == shipped_policy().read_text("utf-8")
    wrong = call("policy", "init", "--currency", "pounds")
    assert (wrong.exit_code, "as in EUR" in wrong.output) == (2, True)
