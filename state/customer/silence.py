"""Silence: how long it is since a customer's last order, against the limits of the policy."""

from typing import Final, Literal

Silence = Literal["none", "at_risk", "churned"]
NO_SILENCE: Final = "none"
SILENCES: tuple[Silence, ...] = ("none", "at_risk", "churned")
"""From the shortest on: no limit is reached, the limit of those at risk, the limit of those who are gone."""
