"""Filters: which transitions a stream has, read from the query."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple, get_args

from multidict import MultiMapping

from schemas.transition import CUSTOMER_FORGOTTEN, Transition
from state.policy.compiled import CompiledPolicy
from streams.serve.parameters import check_once, nearest
from streams.serve.problems import ProblemError
from streams.serve.stages import stages_of
from streams.serve.transitions.event import Facts

EVENTS: tuple[str, ...] = tuple(it.__struct_config__.tag for it in get_args(Transition))
_ABOUT = ("stage", "segment", "ladder", "signal")
_YES = ("yes", "no")


class Filter(NamedTuple):
    """What a stream has: of these customers, with these names, about any of these; empty sets leave out nothing.

    ``members`` is the set in Redis whose members come first, such as ``segment:vip``; empty: none do.
    """

    customers: frozenset[str]
    names: frozenset[str]
    about: frozenset[str]
    members: str = ""

    @property
    def everything(self) -> bool:
        """Whether it leaves out nothing."""
        return not (self.customers or self.names or self.about)

    def takes(self, facts: Facts) -> bool:
        """Tell whether a stream has an event."""
        return (
            (not self.customers or facts.customer in self.customers)
            and (not self.names or facts.name in self.names)
            # Whoever is forgotten is so for every stream: each of them may have told its reader of them.
            and (not self.about or facts.name == CUSTOMER_FORGOTTEN or not self.about.isdisjoint(facts.about))
        )


class Filters:
    """The filters that a policy allows."""

    parameters = ("customer", "event", *_ABOUT, "step", "members")

    def __init__(self, compiled: CompiledPolicy) -> None:
        self.keys: dict[str, tuple[str, ...]] = {
            "event": EVENTS,
            "stage": tuple(stages_of(compiled)),
            "segment": tuple(it.key for it in compiled.segments),
            "ladder": tuple(it.key for it in compiled.ladders),
            "signal": tuple(it.key for it in compiled.signals),
        }
        self._steps = {ladder.key: tuple(it.key for it in ladder.steps) for ladder in compiled.ladders}

    def read(self, query: MultiMapping[str]) -> Filter:
        """Return what a query asks for; a name may be there more than once. Raises ``ProblemError``."""
        for name, keys in self.keys.items():
            for value in query.getall(name, []):
                check_known(name, value, keys)
        about = {f"{name}:{it}" for name in _ABOUT for it in query.getall(name, [])}
        if "step" in query:
            about = {it for it in about if not it.startswith("ladder:")} | self._of_steps(query)
        found = Filter(frozenset(query.getall("customer", [])), frozenset(query.getall("event", [])), frozenset(about))
        check_once("members", query)
        members = query.get("members", "no")
        check_known("members", members, _YES)
        return found._replace(members=_members(found)) if members == "yes" else found

    def _of_steps(self, query: MultiMapping[str]) -> set[str]:
        ladders = query.getall("ladder", [])
        if len(ladders) != 1:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "step: name its ladder, and only that: ?ladder=KEY&step=KEY")
        (ladder,) = ladders
        for step in query.getall("step"):
            check_known("step", step, self._steps[ladder])
        return {f"step:{ladder}:{it}" for it in query.getall("step")}


def check_known(name: str, value: str, known: Sequence[str]) -> None:
    """Raise ``ProblemError``, with the nearest, if a value is not among those known."""
    if value not in known:
        mend = nearest(value, known, f"there are {', '.join(known) or 'none'}")
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"{name}: there is no {name} {value!r}: {mend}")


def _members(found: Filter) -> str:
    name = next(iter(found.about), "")
    if len(found.about) != 1 or found.customers or found.names or name.startswith(("ladder:", "signal:")):
        told = "members: name one segment, one stage, or one ladder with one step, and no other filter"
        raise ProblemError(HTTPStatus.BAD_REQUEST, told)
    return name
