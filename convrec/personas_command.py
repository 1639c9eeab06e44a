"""``convrec personas``: the several tastes of one person, in a table and as a picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rich_click as click
from rich import box
from rich.table import Table
from rich.text import Text

from convrec.cli import examples
from convrec.plots import SUFFIXES
from convrec.run_options import check_output, console, load_dataset
from convrec.tastes_of_users import load_tastes
from dialogs.phrases import kinds
from graph.affinity.personas.labels import MOST_LABELS, Label
from graph.affinity.personas.tastes import Tastes
from graph.affinity.profiles import Histories, Profiles
from graph.catalogue import Catalogue
from graph.catalogue_search import find_item
from graph.dataset import Dataset
from graph.errors import DataError, OptionError
from graph.printable import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 6
"""Likes of a persona that are shown, and items that it would recommend."""


@dataclass(frozen=True)
class PersonaCard:
    """One persona, as people are shown it."""

    share: float
    """Share of the likes that it stands for."""
    labels: tuple[Label, ...]
    likes: tuple[tuple[int, float], ...]
    """Likes that belong to it most of all, and its share in each."""
    recommends: tuple[tuple[int, float], ...]
    """Items that the person has not had and that fit this persona better than any other, and its weight for each."""


@click.command(
    epilog=examples(
        "convrec personas --user 12",
        "convrec personas --user 12 --plot personas.png",
        "convrec personas --likes 'Psycho (1960)' --likes 'Vertigo (1958)' --likes 'Alien (1979)' …",
    )
)
@click.option("--data", default="movies", show_default=True, help="Data set with users; see: convrec data list.")
@click.option("--user", metavar="ID", help="A user of the data.")
@click.option("--likes", multiple=True, metavar="TITLE", help="What somebody unknown likes, as often as wanted; added "
              "to what the user likes where one is named.")  # fmt: skip
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE", help="Draw a picture (.png, .svg, .pdf).")
def personas(data: str, user: str | None, likes: tuple[str, ...], plot: Path | None) -> None:
    """Show the several tastes of one person: what belongs to each, what it is known by, what it would recommend.

    Learned at first use, which takes about half a minute on movies, and kept.
    """
    check_output(plot, "--plot")
    if plot is not None and plot.suffix not in SUFFIXES:
        raise OptionError(f"--plot {plot}: draws {', '.join(SUFFIXES)}; name a file that ends so")
    if user is None and not likes:
        raise OptionError("nobody to look at: give --user ID, or --likes TITLE a few times")
    dataset = load_dataset(data)
    if dataset.anonymous:
        raise OptionError(f"--data {data}: has no users, so nothing tells tastes apart; name data with users")
    profile = _profile(dataset, user, likes)
    tastes = load_tastes(dataset)
    cards = persona_cards(dataset, tastes, profile)
    if not cards:
        raise OptionError(f"nothing that is liked is known of others' choices in {data}, so there is no taste to tell")
    who = f"user {user}" if user is not None else "somebody unknown"
    console.print(_table(dataset.catalogue, cards))
    if plot is not None:
        plot_personas(dataset.catalogue, cards, f"Personas of {who}, {dataset.name}", plot)
        console.print(f"drawn in {plot}")


def _profile(dataset: Dataset, user: str | None, likes: tuple[str, ...]) -> Profiles:
    if user is None:
        profile = Profiles.unknown(1, dataset.catalogue)
    else:
        try:
            place = dataset.interactions.find_user(user)
        except DataError as error:
            raise OptionError(f"--user: {error}") from error
        profile = Histories(dataset).of(np.array([place]))
    return profile.and_then(0, liked=[find_item(dataset.catalogue, title) for title in likes])


def persona_cards(dataset: Dataset, tastes: Tastes, profile: Profiles) -> list[PersonaCard]:
    """Personas of one person, the one that stands for most likes first; none where nothing liked is covered."""
    encoder, personas = tastes.encoder, tastes.encoder.of(profile)
    items, shares = personas.likes_of(0)
    labels = tastes.labels.of(personas, 0)
    scores = encoder.scores(personas)[0]
    weights = encoder.weigh(personas, encoder.fits(personas))[0]
    open_items = encoder.covers.copy()
    open_items[profile.items] = False
    cards = []
    for persona in np.argsort(-personas.masses[0], kind="stable").tolist():
        own = np.flatnonzero(shares.argmax(axis=1) == persona)
        if not len(own):
            continue
        liked = own[np.argsort(-shares[own, persona], kind="stable")][:SHOWN]
        fitting = np.flatnonzero(open_items & (weights.argmax(axis=0) == persona))
        best = fitting[np.argsort(-scores[fitting], kind="stable")][:SHOWN]
        belongs = tuple((int(items[place]), float(shares[place, persona])) for place in liked)
        recommends = tuple((int(item), float(weights[persona, item])) for item in best)
        cards.append(PersonaCard(float(personas.shares[0, persona]), tuple(labels[persona]), belongs, recommends))
    return cards


def _named(catalogue: Catalogue, card: PersonaCard) -> list[str]:
    return [
        f"{printable(kinds(catalogue, label.attribute))}: {label.share:.0%}, else {label.expected:.0%}"
        for label in card.labels
    ]


def _table(catalogue: Catalogue, cards: list[PersonaCard]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    table.add_column("share", justify="right", no_wrap=True)
    for heading in ("known by", "liked", "would recommend"):
        table.add_column(heading, overflow="fold")
    for card in cards:
        liked, recommends = (
            Text("\n".join(printable(catalogue.describe_item(item)) for item, _ in part))
            for part in (card.likes, card.recommends)
        )
        named = _named(catalogue, card) or ["nothing that all of it has"]
        table.add_row(f"{card.share:.0%}", Text("\n".join(named)), liked, recommends)
    return table


def plot_personas(catalogue: Catalogue, cards: list[PersonaCard], title: str, path: Path) -> None:
    """Draw a row for each persona: by what it is known, what belongs to it, what it would recommend.

    :param path: where to; the suffix says what kind of picture (.png, .svg, .pdf).
    """
    from convrec.plots import open_figure

    with open_figure(path, (12.0, 2.5 * len(cards) + 0.5)) as figure:
        grid = figure.subplots(len(cards), 3, squeeze=False)
        for place, (row, card) in enumerate(zip(grid, cards, strict=True)):
            colour = COLOURS[place % len(COLOURS)]
            _draw_labels(row[0], catalogue, card, colour)
            heading = f"{card.share:.0%} of what was liked"
            row[0].set_title(heading, loc="left", fontsize=11, color=colour, weight="bold")
            for axes, part, heading in ((row[1], card.likes, "liked"), (row[2], card.recommends, "would recommend")):
                _draw_items(axes, catalogue, part, heading, colour)
        figure.suptitle(title, x=0.01, ha="left", fontsize=13)


COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#A87800", "#5D5DA8")
"""Okabe and Ito's (2008), which colour-blind people tell apart too."""


def _draw_labels(axes: "Axes", catalogue: Catalogue, card: PersonaCard, colour: str) -> None:
    """Two bars for each label: how many of the persona's likes have it, and how many would be expected to."""
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    axes.set_xlim(0, 1)
    if not card.labels:
        axes.set_axis_off()
        axes.text(0.0, 0.9, "nothing that all of it has", va="top", fontsize=9, color="#7b8794")
        return
    from matplotlib import ticker

    places = MOST_LABELS - 1 - np.arange(len(card.labels))
    axes.barh(places + 0.17, [label.share for label in card.labels], 0.3, color=colour)
    axes.barh(places - 0.17, [label.expected for label in card.labels], 0.3, color="#c4ccd4")
    axes.set_yticks(places, [_short(kinds(catalogue, label.attribute), 34) for label in card.labels], fontsize=8.5)
    axes.set_ylim(-0.6, MOST_LABELS - 0.4)
    axes.xaxis.set_major_formatter(ticker.PercentFormatter(1.0))
    axes.tick_params(axis="x", labelsize=8)
    axes.set_xlabel("of these likes (grey: of the others)", fontsize=8)


ROOM = 0.91
"""Share of the width that bars take; figures stand beside them."""


def _draw_items(
    axes: "Axes", catalogue: Catalogue, part: tuple[tuple[int, float], ...], heading: str, colour: str
) -> None:
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(SHOWN + 0.2, -0.6))
    axes.set_title(heading, loc="left", fontsize=9, color="#7b8794")
    for place, (item, weight) in enumerate(part):
        axes.barh(place, ROOM * weight, 0.72, color=colour, alpha=0.22)
        axes.text(0.015, place, _short(catalogue.describe_item(item), 44), va="center", fontsize=8.5)
        axes.text(1.0, place, f"{weight:.0%}", va="center", ha="right", fontsize=8, color="#7b8794")


def _short(name: str, most: int) -> str:
    shown = printable(name)
    return shown if len(shown) <= most else f"{shown[: most - 1].rstrip()}…"
