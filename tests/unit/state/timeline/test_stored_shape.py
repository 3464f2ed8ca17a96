"""What is stored has the shape that its version has: an added field changes the version, or nobody before reads it."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

import schemas
import state
from state.timeline.snapshot import VERSION

SHAPE = Path(__file__).parent / "recorded" / f"shape_{VERSION}.json"
NOT_STORED = {"schemas.change.Figures"}


def _structs(base: type[msgspec.Struct] = msgspec.Struct) -> Iterator[type[msgspec.Struct]]:
    for it in base.__subclasses__():
        yield it
        yield from _structs(it)


def shape() -> dict[str, str]:
    """Return the fields, in order, of everything stored by position, but for the steps from older versions."""
    for package in (schemas, state):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    stored = {f"{it.__module__}.{it.__qualname__}": it for it in _structs() if it.__struct_config__.array_like}
    return {
        name: " ".join(it.__struct_fields__)
        for name, it in sorted(stored.items())
        if name.startswith(("schemas.", "state.")) and ".from_version_" not in name and name not in NOT_STORED
    }


def test_the_shape_of_what_is_stored_is_that_of_the_present_version() -> None:
    told = (
        f"what is stored has another shape than version {VERSION}. If that was released, raise VERSION in "
        "state/timeline/snapshot.py and write a step to it (docs/extending.md). If not, or with the new VERSION: "
        f"python -m tests.unit.state.timeline.test_stored_shape > .../{SHAPE.name}, and record anew"
    )
    assert shape() == json.loads(SHAPE.read_text()), told


if __name__ == "__main__":
    print(json.dumps(shape(), indent=1))
