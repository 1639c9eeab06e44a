"""MovieLens 100K: how it is fetched, and its files read.

GroupLens lets the ratings be used for research, not handed on and not sold, so they are never part of this project:
they are taken from the folder ``ml-100k`` inside the wheel of RecBole, which any package index has.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graph.errors import DataError
from graph.wheels import Archive, extract, is_whole, put

FOLDER = "ml-100k"
FETCH_AGAIN = "run `convrec data fetch movies` again"
TERMS = (
    "MovieLens 100K, by GroupLens at the University of Minnesota: for research, not to be redistributed, not for "
    "commercial use without permission. Cite F. M. Harper and J. A. Konstan, The MovieLens Datasets: History and "
    "Context, ACM Transactions on Interactive Intelligent Systems 5(4), 2015."
)


RECBOLE = Archive(
    requirement="recbole==1.2.1",
    wheel_sha256="9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
    inside="recbole/dataset_example/ml-100k",
    files={
        "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
        "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
        "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
    },
)


def fetch_ratings(cache: Path, report: Callable[[str], None], archive: Archive = RECBOLE) -> Path:
    """Bring the ratings here through the user's own pip; at once when they are here and whole.

    Nothing is left half-written, whatever happens: files appear under their final name or not at all.

    :param cache: folder that gets a folder ``ml-100k``; made if need be.
    :param report: is told what is done, and the terms of use.
    :return: the folder with the ratings.
    :raises FetchError: when pip finds nothing, the wheel is another, or the cache cannot be written.
    """
    target = cache / FOLDER
    if is_whole(target, archive):
        return target
    report(TERMS)
    report(f"fetching {archive.requirement} with pip to take the ratings out of it")
    put(target, lambda scratch: extract(archive, scratch, FETCH_AGAIN))
    report(f"ratings are in {target}")
    return target


@dataclass(frozen=True)
class MovieLens:
    """The three files as they are. V films, U users, E ratings."""

    item_ids: NDArray[np.int64]
    """Shape (V,), ascending."""
    titles: tuple[str, ...]
    """As MovieLens writes them: "Postino, Il"; length V."""
    years: NDArray[np.int16]
    """Shape (V,), 0 where unknown."""
    genres: tuple[tuple[str, ...], ...]
    """In the words of MovieLens, length V; empty where it says "unknown"."""
    user_ids: NDArray[np.int64]
    """Shape (U,), ascending."""
    user_facts: dict[str, tuple[str, ...]]
    """Age in years, gender (F or M) and occupation, each of length U; not the zip code, which could tell who it is."""
    users: NDArray[np.int32]
    """Place in ``user_ids`` of each rating, shape (E,)."""
    items: NDArray[np.int32]
    """Place in ``item_ids``, shape (E,)."""
    ratings: NDArray[np.float32]
    """1 to 5, shape (E,)."""
    times: NDArray[np.int64]
    """Unix seconds, shape (E,)."""


ITEM_COLUMNS = ("item_id:token", "movie_title:token_seq", "release_year:token", "class:token_seq")
USER_COLUMNS = ("user_id:token", "age:token", "gender:token", "occupation:token", "zip_code:token")
RATING_COLUMNS = ("user_id:token", "item_id:token", "rating:float", "timestamp:float")
N_ITEMS, N_USERS, N_RATINGS = 1_682, 943, 100_000


def read_ratings(folder: Path, n_items: int = N_ITEMS, n_users: int = N_USERS, n_ratings: int = N_RATINGS) -> MovieLens:
    """Read what :func:`fetch_ratings` brought.

    :param folder: with the files ``ml-100k.inter``, ``.item`` and ``.user``.
    :param n_items: rows each file must have.
    :raises DataError: naming file, row and column, when something is missing or damaged.
    """
    item_path, user_path, rating_path = (folder / f"ml-100k.{kind}" for kind in ("item", "user", "inter"))
    films = _read_rows(item_path, ITEM_COLUMNS, n_items)
    people = _read_rows(user_path, USER_COLUMNS, n_users)
    edges = _read_rows(rating_path, RATING_COLUMNS, n_ratings)
    item_ids, by_item = _ids(item_path, ITEM_COLUMNS, films)
    user_ids, by_user = _ids(user_path, USER_COLUMNS, people)
    dated = [_title_and_year(films[row][1], films[row][2]) for row in by_item]
    ratings = _numbers(rating_path, RATING_COLUMNS, edges, 2)
    _refuse(rating_path, RATING_COLUMNS[2], (ratings < 1) | (ratings > 5), "a rating is 1 to 5")
    users = _places(rating_path, RATING_COLUMNS, edges, 0, user_ids)
    items = _places(rating_path, RATING_COLUMNS, edges, 1, item_ids)
    keys = users.astype(np.int64) * len(item_ids) + items
    again = np.ones(len(keys), dtype=bool)
    again[np.unique(keys, return_index=True)[1]] = False
    _refuse(rating_path, RATING_COLUMNS[1], again, "this user rated this film before")
    return MovieLens(
        item_ids=item_ids,
        titles=tuple(title for title, _ in dated),
        years=np.array([year for _, year in dated], dtype=np.int16),
        genres=tuple(tuple(genre for genre in films[row][3].split() if genre != "unknown") for row in by_item),
        user_ids=user_ids,
        user_facts={
            name: tuple(people[row][column] for row in by_user)
            for column, name in enumerate(("age", "gender", "occupation"), start=1)
        },
        users=users,
        items=items,
        ratings=ratings.astype(np.float32),
        times=_numbers(rating_path, RATING_COLUMNS, edges, 3),
    )


def _title_and_year(title: str, year: str) -> tuple[str, int]:
    """One title ends in its year, where the column holds the mark "V"; one film is "unkonwn" altogether."""
    if year.isdigit():
        return title, int(year)
    found = re.fullmatch(r"(.+) \((\d{4})\)", title)
    return (found[1], int(found[2])) if found else (title.replace("unkonwn", "unknown"), 0)


def _read_rows(path: Path, columns: Sequence[str], n_rows: int) -> list[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing; run `convrec data fetch movies`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); {FETCH_AGAIN}") from error
    header = lines[0].split("\t") if lines else []
    if header != list(columns):
        found = ", ".join(header) or "none"
        raise DataError(f"{path}, row 1: the columns are {found}, not {', '.join(columns)}; {FETCH_AGAIN}")
    rows = [line.split("\t") for line in lines[1:]]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            where = f"{path}, row {number}, column {columns[min(len(row), len(columns) - 1)]}"
            raise DataError(f"{where}: {len(row)} fields, not {len(columns)}; {FETCH_AGAIN}")
    if len(rows) != n_rows:
        raise DataError(f"{path}: {len(rows)} rows below the header, not {n_rows}; {FETCH_AGAIN}")
    return rows


def _numbers(path: Path, columns: Sequence[str], rows: list[list[str]], column: int) -> NDArray[np.int64]:
    values = [row[column] for row in rows]
    try:
        return np.array(values, dtype=np.int64)
    except (ValueError, OverflowError) as error:
        wrong = next(number for number, value in enumerate(values, start=2) if not re.fullmatch(r"-?\d{1,18}", value))
        where = f"{path}, row {wrong}, column {columns[column]}"
        raise DataError(f"{where}: {values[wrong - 2]!r} is not a whole number; {FETCH_AGAIN}") from error


def _ids(path: Path, columns: Sequence[str], rows: list[list[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids in the first column, ascending, and the row each stands in."""
    ids = _numbers(path, columns, rows, 0)
    order = np.argsort(ids, kind="stable")
    again = np.zeros(len(ids), dtype=bool)
    again[order[1:]] = ids[order[1:]] == ids[order[:-1]]
    _refuse(path, columns[0], again, "this id stands in an earlier row")
    return ids[order], order


def _places(
    path: Path, columns: Sequence[str], rows: list[list[str]], column: int, ids: NDArray[np.int64]
) -> NDArray[np.int32]:
    wanted = _numbers(path, columns, rows, column)
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    _refuse(path, columns[column], ids[places] != wanted, "nothing has this id")
    return places.astype(np.int32)


def _refuse(path: Path, column: str, wrong: NDArray[np.bool_], why: str) -> None:
    if wrong.any():
        raise DataError(f"{path}, row {int(np.argmax(wrong)) + 2}, column {column}: {why}; {FETCH_AGAIN}")
