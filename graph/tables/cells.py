"""What the columns of a table are for, and the check that their cells can be used.

Legend: R rows of a table.
"""

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError

from graph.errors import DataError
from graph.tables.table import UNKNOWN, Column, Problems, Table, enumerated, fold

LONGEST_ID = 200
"""Characters of an id, which cannot be cut."""


class Role(NamedTuple):
    """A column that means something to us."""

    name: str
    needed: bool = False
    alike: tuple[str, ...] = ()
    """What shops call it."""


class _Kind(NamedTuple):
    """What the cells of a role hold."""

    cells: TypeAdapter[list[Any]]
    wrong: str
    mend: str


ITEM_ROLES = (
    Role("id", True, ("sku", "item id", "product id", "article", "article number", "code", "key", "asin", "isbn")),
    Role("title", True, ("name", "product name", "product", "item", "label", "item name")),
    Role("text", alike=("description", "summary", "body")),
    Role("year"),
    Role("popularity"),
)
INTERACTION_ROLES = (
    Role("user", True, ("user id", "customer", "customer id", "client", "userid", "visitor", "buyer")),
    Role("item", True, ("item id", "product", "product id", "sku", "itemid", "id", "article")),
    Role("rating", alike=("stars", "score")),
    Role("time", alike=("timestamp", "date", "datetime", "created at", "ordered at")),
)
USER_ROLES = (Role("id", True, ("user", "user id", "customer", "customer id", "userid", "client")),)

_KINDS = {
    "year": _Kind(
        TypeAdapter(list[Annotated[int, Field(ge=-9999, le=9999)]]),
        "is not a year", "write a whole number such as 1995, or leave the cell empty",
    ),
    "popularity": _Kind(
        TypeAdapter(list[Annotated[float, Field(ge=0, le=1e30, allow_inf_nan=False)]]),
        "is not a number from 0 up", "write how often the item is sought, or leave the cell empty",
    ),
    "rating": _Kind(
        TypeAdapter(list[Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]]),
        "is not a number", "write one such as 4 or 3.5, or leave the cell empty",
    ),
    "time": _Kind(
        TypeAdapter(list[datetime]),
        "is not a time", "write a date such as 2024-05-31, a time such as 2024-05-31T18:00, or unix seconds",
    ),
}  # fmt: skip


def assign(table: Table, roles: tuple[Role, ...], called: Mapping[str, str]) -> dict[str, Column]:
    """Find the column of each role.

    :param called: what the table calls some of the roles, by role.
    :return: columns by role; optional ones only where the table has them.
    :raises DataError: when the table lacks a column that is needed.
    """
    found = {}
    for role in roles:
        column = table.columns.get(fold(called.get(role.name, ""))) or table.columns.get(role.name)
        if column is not None:
            found[role.name] = column
        elif role.needed:
            near = [name for name in table.names if fold(name) in role.alike]
            near += get_close_matches(role.name, table.names, n=1)
            raise DataError(
                f"{table.path}: no column {role.name!r}; the columns are {enumerated(table.names)}: rename one, or say "
                f"which it is with --column {role.name}={shlex.quote(near[0]) if near else 'NAME'}"
            )
    return found


def check_ids(column: Column, problems: Problems, of: str) -> None:
    """Every row needs an id that can be kept whole.

    :param of: whose ids they are, such as "item".
    """
    problems.add(np.flatnonzero(column.unknown), column, "is no id", f"give every {of} one, or leave its row out")
    too_long = np.array([len(value) > LONGEST_ID for value in column.values])[column.codes]
    problems.add(np.flatnonzero(too_long), column, "is too long for an id", f"use {LONGEST_ID} characters at most")


def check_titles(column: Column, problems: Problems) -> None:
    """Every item needs a title."""
    empty = np.array([not value for value in column.values])[column.codes]
    problems.add(np.flatnonzero(empty), column, "is no title", "give every item one, or leave its row out")


def parse(role: str, column: Column, problems: Problems) -> NDArray[np.float64]:
    """The number in each row, NaN where nothing is known, shape (R,); times are unix seconds.

    :param role: "year", "popularity", "rating" or "time".
    :param problems: is told of cells that are no such number, which are NaN here.
    """
    kind = _KINDS[role]
    known = [place for place, value in enumerate(column.values) if value.casefold() not in UNKNOWN]
    texts = [column.values[place] for place in known]
    if problems.table.decimal_comma:
        texts = [text.replace(",", ".") for text in texts]
    wrong: set[int] = set()
    try:
        values = kind.cells.validate_python(texts)
    except ValidationError as error:
        wrong = {int(each["loc"][0]) for each in error.errors(include_url=False, include_context=False)}
        values = kind.cells.validate_python([text for place, text in enumerate(texts) if place not in wrong])
        bad = np.zeros(len(column.values), bool)
        bad[[known[place] for place in wrong]] = True
        problems.add(np.flatnonzero(bad[column.codes]), column, kind.wrong, kind.mend)
    numbers = np.full(len(column.values), np.nan)
    numbers[[place for at, place in enumerate(known) if at not in wrong]] = [_number(value) for value in values]
    return numbers[column.codes]


def _number(value: float | datetime) -> float:
    if isinstance(value, datetime):
        # What names no time zone is taken for universal time.
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value)
