"""The colours of the page: text meets WCAG AA, and stages differ for those who see fewer colours."""

import re
from itertools import combinations

import numpy as np
import pytest

from tests.support.programs import ROOT

STYLE = (ROOT / "streams/serve/page/static/style.css").read_text("utf-8")
LIGHT = dict(re.findall(r"--([\w-]+): (#\w{6});", STYLE[: STYLE.index('[data-theme="dark"]')]))
THEMES = {
    "light": LIGHT,
    "dark": {**LIGHT, **dict(re.findall(r"--([\w-]+): (#\w{6});", STYLE[STYLE.index('[data-theme="dark"] {') :]))},
}
TEXTS = ("text", "soft", "faint", "accent")
GROUNDS = ("ground", "surface", "raised")
PAIRS = [
    *((text, ground) for text in TEXTS for ground in GROUNDS),
    ("text", "accent-soft"),
    ("text", "warn-soft"),
    ("warn", "warn-soft"),
    ("on-accent", "accent"),
    *((f"ink-{look}", f"look-{look}") for look in range(9)),
]
LOOKS = [f"look-{look}" for look in range(8)]
# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SIGHTS = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}
# Oklab (Ottosson 2020): linear RGB to cone responses, and their cube roots to lightness and two opponent colours.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OPPONENT = np.array(
    [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
)
MIN_DISTANCE = 0.09


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    made: np.ndarray = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return made


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    lights = sorted(float(np.dot([0.2126, 0.7152, 0.0722], linear(it))) for it in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def seen(colour: str, sight: np.ndarray) -> np.ndarray:
    made: np.ndarray = OPPONENT @ np.cbrt(CONES @ np.clip(sight @ linear(colour), 0, 1))
    return made


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    colours = THEMES[theme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("look", [*LOOKS, "look-8", "good", "bad", "accent"])
def test_what_is_drawn_stands_out(theme: str, look: str) -> None:
    assert contrast(THEMES[theme][look], THEMES[theme]["surface"]) >= 3.0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_stages_differ_however_they_are_seen(theme: str, sight: str) -> None:
    seen_as = {look: seen(THEMES[theme][look], SIGHTS[sight]) for look in LOOKS}
    near = {(one, other): float(np.linalg.norm(seen_as[one] - seen_as[other])) for one, other in combinations(LOOKS, 2)}
    assert {pair: distance for pair, distance in near.items() if distance < MIN_DISTANCE} == {}
