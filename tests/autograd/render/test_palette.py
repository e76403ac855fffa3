"""The colours: apart for every kind of colour vision, and legible."""

import itertools

import pytest

from autograd.render.picture.graph import LEVELS, tone
from autograd.render.picture.palette import DARK, LIGHT

# Machado, Oliveira, Fernandes 2009: full severity, on linear RGB.
SIMULATIONS = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(colour):
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def lab(colour, matrix):
    rgb = [min(1, max(0, sum(m * c for m, c in zip(row, linear(colour), strict=True)))) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    xyz = [
        sum(m * c for m, c in zip(row, rgb, strict=True)) / white
        for row, white in zip(to_xyz, (0.9505, 1.0, 1.089), strict=True)
    ]
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def distance(a, b, matrix):
    return sum((x - y) ** 2 for x, y in zip(lab(a, matrix), lab(b, matrix), strict=True)) ** 0.5


@pytest.mark.parametrize("vision", SIMULATIONS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_signs_stay_apart_for_every_kind_of_colour_vision(theme, vision):
    matrix = SIMULATIONS[vision]
    for level in range(2, LEVELS + 1):
        assert distance(theme[f"n{level}"], theme[f"p{level}"], matrix) > 18
    assert distance(theme["n1"], theme["p1"], matrix) > 8
    for sign in "np":
        for a, b in itertools.pairwise([theme["zero"], *(theme[f"{sign}{i}"] for i in range(1, LEVELS + 1))]):
            assert distance(a, b, matrix) > 5
    for shade in ("n4", "p4"):
        assert distance(theme["nan"], theme[shade], matrix) > 18


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_strength_shows_in_grey_too(theme):
    for sign in "np":
        ramp = [luminance(theme[f"{sign}{i}"]) for i in range(1, LEVELS + 1)]
        assert ramp == sorted(ramp, reverse=theme is LIGHT)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_is_legible_on_every_colour(theme):
    for ground in (
        "paper",
        "card",
        "head",
        "leaf",
        "cluster",
        "zero",
        "none",
        *(f"{s}{i}" for s in "np" for i in range(1, LEVELS + 1)),
    ):
        assert contrast(theme["ink"], theme[ground]) >= 4.5, ground
    for ground in ("paper", "card", "head", "leaf", "cluster"):
        assert contrast(theme["quiet"], theme[ground]) >= 4.5, ground
    assert contrast(theme["on"], theme["nan"]) >= 4.5


def test_tones_are_relative_to_the_largest():
    assert tone(1.0, 1.0) == "p4"
    assert tone(-1e-12, 1.0) == "n1"
    assert tone(float("inf"), 1.0) == "nan"
