"""Make a data set of a table of items and, perhaps, tables of interactions and users."""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from graph.dataset import Dataset
from graph.errors import OptionError
from graph.interactions import Interactions
from graph.tables.cells import INTERACTION_ROLES, ITEM_ROLES, USER_ROLES, Role
from graph.tables.history import make_history
from graph.tables.items import make_items
from graph.tables.options import TableOptions
from graph.tables.reading import check_encoding, read_table
from graph.tables.report import ImportReport
from graph.tables.table import Table, enumerated, fold, quoted

Watch = Callable[[str, float], None]
"""Is told what is being done and what share of it is done."""


def import_table(
    name: str,
    items: Path,
    interactions: Path | None = None,
    users: Path | None = None,
    options: TableOptions | None = None,
    watch: Watch | None = None,
) -> tuple[Dataset, ImportReport]:
    """Read the tables and make a data set of them; nothing is written.

    :param name: what the data set is to be called.
    :param items: table of items: an id, a title, perhaps a text, a year and a popularity; every other column a facet.
    :param interactions: table of who chose what: a user, an item, perhaps a rating and a time.
    :param users: table of what is known of users: an id, every other column a fact.
    :param watch: is told how far it is.
    :raises DataError: when a table cannot be used, with the place and how to mend it.
    :raises OptionError: when an option names something that is not there.
    """
    options, report, watch = options or TableOptions(), ImportReport(), watch or (lambda what, share: None)
    check_encoding(options.encoding)
    if users is not None and interactions is None:
        raise OptionError("--users without --interactions: nothing is known of what they chose; give both")
    paths = [(items, ITEM_ROLES), (interactions, INTERACTION_ROLES), (users, USER_ROLES)]
    tables = [
        (read_table(path, options.encoding, options.separator, partial(watch, f"reading {path.name}")), roles)
        for path, roles in paths
        if path is not None
    ]
    _check_called(tables, options)
    report.rows += [(table.path.name, table.n_rows) for table, _ in tables]
    (goods, _), *others = tables
    watch("making the catalogue", 0.0)
    catalogue, keys = make_items(goods, options, report)
    if others:
        watch("making the history", 0.0)
        people = others[1][0] if len(others) > 1 else None
        history = make_history(others[0][0], people, catalogue, keys, options, report)
    else:
        history = Interactions.none(catalogue.n_items)
    source = f"tables: {', '.join(table.path.name for table, _ in tables)}"
    return Dataset(name, catalogue, history, source, options.licence), report


def _check_called(tables: Sequence[tuple[Table, tuple[Role, ...]]], options: TableOptions) -> None:
    """Every column that a person names must be there.

    :raises OptionError: when one is not.
    """
    for role, name in options.called.items():
        concerned = [table for table, roles in tables if role in {each.name for each in roles}]
        if any(fold(name) in table.columns for table in concerned):
            continue
        names = [each for table in concerned for each in table.names]
        near = get_close_matches(name, names, n=2)
        hint = f"did you mean {' or '.join(quoted(each) for each in near)}? " if near else ""
        where = " or ".join(str(table.path) for table in concerned) or "any table that is given"
        raise OptionError(
            f"--column {role}={name}: no column {quoted(name)} in {where}; {hint}the columns are {enumerated(names)}"
        )
