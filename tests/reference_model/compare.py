"""`python -m tests.reference_model.compare A.jsonl B.jsonl`: two files of transitions, field by field."""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

Flat = dict[str, Any]
SHOWN = 3


def flattened(value: dict[str, Any]) -> Flat:
    """A transition's fields; a field that is null is as good as none."""
    flat = {**{name: each for name, each in value.items() if name != "properties"}, **value["properties"]}
    flat["policy_version"] = flat["policy_version"].rpartition("@")[0]
    return {name: each for name, each in flat.items() if each is not None}


def read(path: Path) -> list[Flat]:
    with path.open(encoding="utf-8") as lines:
        return [flattened(json.loads(line)) for line in lines]


def by_customer(transitions: list[Flat]) -> dict[str, list[Flat]]:
    found: dict[str, list[Flat]] = defaultdict(list)
    for each in transitions:
        found[each["userId"]].append(each)
    return found


def named(transition: Flat | None) -> str:
    if transition is None:
        return "(nothing)"
    if transition["event"] == "Customer Forgotten":
        return f"{transition['timestamp']} {transition['userId']} #{transition['seq']} forgotten"
    what = transition.get("transition") or transition.get("signal_key")
    what = what or f"{transition.get('audience_key') or transition['ladder_key']} {transition['to']}"
    return f"{transition['timestamp']} {transition['userId']} #{transition['seq']} {what}, {transition['cause']}"


def differences(left: list[Flat], right: list[Flat]) -> Iterator[tuple[str, str]]:
    """(field, words) for each difference; a customer's first missing or moved transition ends their comparison."""
    ours, theirs = by_customer(left), by_customer(right)
    for user_id in sorted(ours.keys() | theirs.keys()):
        for one, other in zip_longest(ours.get(user_id, []), theirs.get(user_id, [])):
            if one is None or other is None or one["messageId"] != other["messageId"]:
                yield "(transition)", f"{named(one)}  |  {named(other)}"
                break
            for name in sorted(one.keys() | other.keys()):
                if one.get(name) != other.get(name):
                    yield name, f"{named(one)}: {one.get(name)!r} | {other.get(name)!r}"
    if sorted(map(named, left)) == sorted(map(named, right)) and list(map(named, left)) != list(map(named, right)):
        yield "(order)", "the same transitions stand in another order"


def report(left: list[Flat], right: list[Flat]) -> str:
    """The first differences of each field; nothing where there are none."""
    counted: Counter[str] = Counter()
    lines = []
    for name, words in differences(left, right):
        counted[name] += 1
        if counted[name] <= SHOWN:
            lines.append(f"{name}: {words}")
    return "\n".join([*lines, *(f"{name}: {number} in all" for name, number in counted.items())])


def main() -> None:
    left, right = (read(Path(name)) for name in sys.argv[1:3])
    found = report(left, right)
    print(found or f"{len(left)} transitions, no difference")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
