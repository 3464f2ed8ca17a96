"""Stored names: the stages that ship have a number of one byte in the header of a snapshot."""

OTHER_STAGE = 255
"""The number in a header for a stage that has no number."""

_STAGES = ("prospect", "new", "repeat", "loyal", "at_risk", "churned", "excluded")
_STAGE_NUMBERS = {stage: number for number, stage in enumerate(_STAGES)}


def stored_stage(stage: str) -> int | str:
    """Return a stage as it stands in the header."""
    return _STAGE_NUMBERS.get(stage, stage)


def stage_of(number: int) -> str:
    """Return the stage that has this number. Raises ``IndexError``."""
    return _STAGES[number]
