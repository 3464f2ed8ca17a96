"""Stored names: those of the stages and transitions that ship as numbers, since every customer is stored with some.

Any other name is stored as it is. Names begin with a letter.
"""

from state.customer.silence import NO_SILENCE, SILENCES, Silence

OTHER_STAGE = 255
"""The number in a header for a stage that has no number."""

_STAGES = ("prospect", "new", "repeat", "loyal", "at_risk", "churned", "excluded")
_EXPECTED = ("at_risk", "churned", "became_loyal", "loyalty_lapsed")
_STAGE_NUMBERS = {stage: number for number, stage in enumerate(_STAGES)}
_EXPECTED_NUMBERS = {name: number for number, name in enumerate(_EXPECTED)}
_TOLD: dict[str, Silence] = {"at_risk": "at_risk", "churned": "churned"}
_STANDING_NUMBERS = {(stage, _TOLD.get(stage, NO_SILENCE)): number for stage, number in _STAGE_NUMBERS.items()}

Stored = int | str


def stored_stage(stage: str) -> Stored:
    """Return a stage as it is stored."""
    return _STAGE_NUMBERS.get(stage, stage)


def stage_of(it: Stored) -> str:
    """Return the stage that is stored like this. Raises ``IndexError``."""
    return it if isinstance(it, str) else _STAGES[it]


def stored_expected(name: str | None) -> Stored | None:
    """Return the name of a transition as it is stored."""
    return None if name is None else _EXPECTED_NUMBERS.get(name, name)


def expected_of(it: Stored | None) -> str | None:
    """Return the name of a transition that is stored like this. Raises ``IndexError``."""
    return it if it is None or isinstance(it, str) else _EXPECTED[it]


def stored_standing(stage: str, silence: Silence) -> Stored:
    """Return a stage and a silence as they are stored: the stage, behind the silence's digit unless it tells that."""
    known = _STANDING_NUMBERS.get((stage, silence))
    if known is not None:
        return known
    if silence == _told_by(stage):
        return stage
    return f"{SILENCES.index(silence)}{stage}"


def standing_of(it: Stored) -> tuple[str, Silence]:
    """Return the stage and the silence that are stored like this. Raises ``IndexError``."""
    if isinstance(it, str) and it[0].isdigit():
        return it[1:], SILENCES[int(it[0])]
    stage = stage_of(it)
    return stage, _told_by(stage)


def _told_by(stage: str) -> Silence:
    """Return the silence that a customer in a stage mostly has."""
    return _TOLD.get(stage, NO_SILENCE)
