"""An invented music shop, to try an import with: instruments, what is written about them, and who bought what."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graph.whole_file import written_whole

Rows = list[dict[str, Any]]

_BRANDS = ("Aria", "Bellwood", "Cordoba", "Dunmore", "Eastman", "Fenwick", "Gretna", "Hagstrom")
_KINDS: Mapping[str, tuple[tuple[str, ...], tuple[float, float], tuple[int, int]]] = {
    "acoustic guitar": (("folk", "country", "pop"), (120, 0.7), (1600, 2600)),
    "electric guitar": (("rock", "metal", "blues", "pop"), (350, 0.6), (2800, 4300)),
    "bass": (("rock", "funk", "metal", "jazz"), (380, 0.5), (3400, 4800)),
    "ukulele": (("folk", "pop"), (60, 0.5), (400, 800)),
    "banjo": (("folk", "country"), (250, 0.5), (2500, 4200)),
    "mandolin": (("folk", "country", "classical"), (200, 0.6), (700, 1300)),
    "violin": (("classical", "folk", "jazz"), (300, 0.9), (400, 600)),
    "keyboard": (("pop", "jazz", "classical"), (280, 0.8), (4000, 14000)),
}
"""Styles, price (middle and spread) and weight in grams of each kind."""
_STRINGS = {"bass": 4, "ukulele": 4, "violin": 4, "mandolin": 8, "banjo": 5, "keyboard": ""}
_WOODS = ("spruce", "mahogany", "maple", "rosewood", "cedar", "alder")
_LEVELS = ("beginner", "advanced", "professional")


def instruments(n_items: int = 500, seed: int = 0) -> Rows:
    """Items of the shop; the columns are what shops have, and none is as tidy as one would like."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_items):
        kind = str(rng.choice(list(_KINDS)))
        article = "An" if kind[0] in "aeio" else "A"
        styles, (middle, spread), (light, heavy) = _KINDS[kind]
        brand = str(rng.choice(_BRANDS, p=np.arange(8, 0, -1) / 36))
        price = round(float(middle * rng.lognormal(0, spread)), 2)
        woods = rng.choice(_WOODS, rng.integers(1, 3), replace=False)
        rows.append(
            {
                "id": f"MS-{1000 + number}",
                "title": f"{brand} {kind} {rng.choice(list('ABCDEFG'))}{rng.integers(10, 99)}",
                "text": f"{article} {kind} by {brand}, {price:.2f} euros, number {number} of our list.",
                "year": int(rng.integers(1995, 2025)) if rng.random() < 0.9 else "",
                "popularity": int(rng.pareto(1.2) * 10),
                "kind": kind,
                "brand": brand if rng.random() < 0.9 else brand.upper(),
                "style": "|".join(rng.choice(styles, rng.integers(1, len(styles) + 1), replace=False)),
                "wood": "" if kind == "keyboard" else "|".join(woods),
                "price": f"{price:.2f}",
                "weight": f"{rng.integers(light, heavy)} g",
                "level": _LEVELS[int(np.searchsorted([middle, 3 * middle], price))],
                "left_handed": rng.choice(["yes", "no"], p=[0.15, 0.85]) if "guitar" in kind or kind == "bass" else "",
                "strings": _STRINGS.get(kind, 6),
                "url": f"https://shop.example/{number}",
                "currency": "EUR",
            }
        )  # fmt: skip
    return rows


def sales(items: Rows, n_users: int = 150, seed: int = 0) -> Rows:
    """Who bought what and how they rated it: everybody has a kind and a style, and buys more of what is popular."""
    rng = np.random.default_rng(seed)
    popularity = np.array([row["popularity"] + 1 for row in items], float)
    kinds, styles = np.array([row["kind"] for row in items]), [row["style"].split("|") for row in items]
    rows = []
    for user in range(n_users):
        likes = np.isin(kinds, rng.choice(list(_KINDS), 2)) + np.array([rng.choice(own) == "folk" for own in styles])
        weights = popularity**0.3 * (0.1 + likes)
        bought = rng.choice(len(items), rng.integers(2, 14), replace=False, p=weights / weights.sum())
        when = rng.integers(1_600_000_000, 1_700_000_000) + np.sort(rng.integers(0, 30_000_000, len(bought)))
        rows += [
            {
                "user": f"customer {user}",
                "item": items[item]["id"],
                "rating": int(np.clip(round(3.2 + 1.2 * likes[item] + rng.normal(0, 0.7)), 1, 5)),
                "time": int(moment),
            }
            for item, moment in zip(bought, when, strict=True)
        ]
    return rows


def write_table(path: Path, rows: Rows, separator: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows, all with the same columns, under a header; the file is there whole or not at all."""
    with written_whole(path) as unfinished, unfinished.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
    return path
