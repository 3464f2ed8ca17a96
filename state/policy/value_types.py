"""The types of values in a policy file, with their bounds."""

from typing import Annotated

from msgspec import Meta

Days = Annotated[float, Meta(gt=0, le=36500)]
DaysOrNone = Annotated[float, Meta(ge=0, le=36500)]
HoursOrNone = Annotated[float, Meta(ge=0, le=876000)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Shape = Annotated[float, Meta(gt=0, le=1e6)]
Amount = Annotated[float, Meta(gt=0, le=1e12)]
Multiple = Annotated[float, Meta(ge=1, le=1000)]
Rating = Annotated[float, Meta(ge=-1e6, le=1e6)]
Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=64)]
KeyOrNone = Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_]*)?\Z", max_length=64)]
MAX_WINDOW_DAYS = 400
RESOLUTION_MINUTES = 5
"""How long the slots of windows in hours are, unless the policy says otherwise."""
WindowDays = Annotated[int, Meta(ge=1, le=MAX_WINDOW_DAYS)]
Text = Annotated[str, Meta(min_length=1)]
