"""Corrections: what to publish when decisions differ from what was published before.

The changes published since the base are remembered as ``Emitted``, in order. After facts that came in order, only a
change that was retracted can have been published before. After others, all decisions since the base are compared with
what was published.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from schemas.change import Change, Publication
from state.rules.decision import Decision


class Emitted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A change that was published, how often it was revised, and whether it still stands (is not retracted)."""

    change: Change
    revision: int
    stands: bool


def publish(decisions: Sequence[Decision], emitted: list[Emitted], seq: int) -> list[Publication]:
    """Return the publications of decisions that follow all that was published, and add them to ``emitted``.

    ``seq`` is the number of the customer's last publication.
    """
    retracted = {_id(it.change): it for it in sorted(emitted, key=_revision) if not it.stands}
    first = decisions[0].change.at if decisions else 0
    together = [it.change for it in emitted if it.stands and it.change.at == first]
    published = []
    for number, (change, figures) in enumerate(numbered(decisions, together), start=seq + 1):
        before = retracted.get(_id(change)) if retracted else None
        revision = 0
        if before is not None:
            emitted.remove(before)
            revision = before.revision + 1
        emitted.append(Emitted(change, revision, stands=True))
        published.append(Publication(change, figures, number, revision=revision, correction=revision > 0))
    return published


def correct(
    decisions: Sequence[Decision], emitted: list[Emitted], known_until: int, seq: int
) -> tuple[list[Publication], list[Emitted]]:
    """Compare all decisions since the base with what was published since then.

    Return the retractions of what is no longer decided, newest first, followed by what is newly decided, and the new
    ``Emitted``. Each new change corrects one that was retracted, the oldest first; what is only told again corrects
    nothing, and nothing corrects it. A change before ``known_until``, the instant up to which the past was already
    published, is a correction as well.
    """
    decisions = numbered(decisions)
    known = {it.change: it for it in emitted}
    told = {_id(it.change): it.revision for it in sorted(emitted, key=_revision)}
    decided = {change for change, _ in decisions}
    untrue = [it for it in emitted if it.stands and it.change not in decided]
    published = [_retraction(it, number) for number, it in enumerate(reversed(untrue), start=seq + 1)]
    replaced = iter([it for it in untrue if not it.change.is_republished])
    now = [Emitted(it.change, it.revision, stands=False) for it in emitted if it.change not in decided]
    for change, figures in decisions:
        before = known.get(change)
        if before is not None and before.stands:
            now.append(before)
            continue
        revision = told.get(_id(change), -1) + 1
        instead_of = None if change.is_republished else next(replaced, None)
        published.append(
            Publication(
                change,
                figures,
                seq + len(published) + 1,
                revision=revision,
                correction=revision > 0 or instead_of is not None or change.at < known_until,
                corrects=None if instead_of is None else (instead_of.change, instead_of.revision),
            )
        )
        now.append(Emitted(change, revision, stands=True))
    return published, now


def renumbered(published: list[Publication], seq: int) -> tuple[list[Publication], int]:
    """Return publications with numbers that follow ``seq`` and begin anew after a customer is forgotten; and the last.

    The last is 0 behind a customer who is forgotten.
    """
    if not any(it.change.is_forgotten for it in published):
        return published, seq + len(published)
    found = []
    for it in published:
        seq += 1
        found.append(msgspec.structs.replace(it, seq=seq))
        if it.change.is_forgotten and not it.retracted:
            seq = 0
    return found, seq


def numbered(decisions: Sequence[Decision], earlier: Iterable[Change] = ()) -> Sequence[Decision]:
    """Return decisions whose changes differ from each other, and from the ``earlier`` ones, in ``again`` at least."""
    known = Counter([it.likeness() for it in earlier])
    fresh = [it.change.likeness() for it in decisions]
    if len({*known, *fresh}) == len(known) + len(fresh):
        return decisions
    found = []
    for (change, figures), likeness in zip(decisions, fresh, strict=True):
        again = known[likeness]
        known[likeness] += 1
        found.append(Decision(msgspec.structs.replace(change, again=again), figures))
    return found


def _revision(emitted: Emitted) -> int:
    return emitted.revision


def _id(change: Change) -> tuple[object, ...]:
    """Return what makes a change's identity: two events of one messageId may differ in their names and nothing else."""
    return *change.likeness(), change.again


def _retraction(emitted: Emitted, seq: int) -> Publication:
    return Publication(
        emitted.change,
        None,
        seq,
        revision=emitted.revision,
        correction=True,
        retracted=True,
        corrects=(emitted.change, emitted.revision),
    )
