"""Options that every command with simulated dialogues takes, and what they build."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from convrec.settings import Settings
from graph import affinity as affinities
from graph import datasets
from graph.affinity import Affinity
from graph.answers import QuestionMode
from graph.dataset import Dataset
from graph.errors import OptionError
from simulator.core import Rules
from simulator.runs import Setting
from simulator.users import parse_users, user_types

Command = TypeVar("Command", bound=Callable[..., Any])

LEAST_WIDTH = 76
"""Columns below which tables would lose their first column; a narrower terminal wraps the lines instead."""


def _console(stderr: bool = False) -> Console:
    made = Console(stderr=stderr, highlight=not stderr)
    if made.width < LEAST_WIDTH:
        made.width = LEAST_WIDTH
    return made


console = _console()
notices = _console(stderr=True)


@dataclass(frozen=True)
class RunOptions:
    """What dialogues are about, and by which rules."""

    data: str
    affinity: str
    users: str
    questions: str
    turns: int
    known: str

    def check_names(self) -> None:
        """Find out before anything is loaded that a name is not one.

        :raises OptionError: for an unknown user type or affinity.
        """
        parse_users(self.users)
        affinities.check_name(self.affinity)


OPTIONS = (
    click.option("--data", default="movies", show_default=True, help="Data set; see: convrec data list."),
    click.option(
        "--affinity", default="hybrid", show_default=True,
        help=f"What is known before the first word: {', '.join(affinities.names())}.",
    ),
    click.option(
        "--questions", type=click.Choice(["binary", "facet", "multi"]), default="binary", show_default=True,
        help="One attribute (yes or no); up to four options, name one; up to four options, pick all that hold.",
    ),
    click.option(
        "--turns", type=click.Choice(["15", "14"]), default="15", show_default=True,
        help="Turns the agent may take; 14 is what published code leaves. A failure counts 15 either way.",
    ),
    click.option(
        "--known", type=click.Choice(["keep", "drop"]), default="keep", show_default=True,
        help="Whether items the user has in train may still be what is looked for.",
    ),
)  # fmt: skip


def run_options(several_users: bool = False, usual: Mapping[str, str] | None = None) -> Callable[[Command], Command]:
    """Add :data:`OPTIONS` to a click command, which is then called with ``options: RunOptions``.

    :param several_users: True for a command that takes any number of populations; it is called with ``users`` as well,
        a tuple, of which ``options`` names the first.
    :param usual: what to say of the default of an option whose default depends on others, by name.
    """
    kinds = f"{', '.join(user_types())}, or several joined by +, with a number after a colon; see docs/users.md."
    users_option = (
        click.option("--users", multiple=True, default=("classic",), show_default=True, metavar="KIND",
                     help=f"Kind of simulated user, as often as wanted, or all: {kinds}")
        if several_users
        else click.option("--users", default="classic", show_default=True, metavar="KIND",
                          help=f"Kind of simulated user: {kinds}")
    )  # fmt: skip

    def decorate(command: Command) -> Command:
        @wraps(command)
        def with_options(
            data: str, affinity: str, users: Any, questions: str, turns: str, known: str, **rest: Any
        ) -> Any:
            more = {"users": users} if several_users else {}
            named = users[0] if several_users else users
            return command(RunOptions(data, affinity, named, questions, int(turns), known), **more, **rest)

        decorated: Any = with_options
        for option in reversed((*OPTIONS[:2], users_option, *OPTIONS[2:])):
            decorated = option(decorated)
        for parameter in decorated.__click_params__:
            if parameter.name in (usual or {}):
                parameter.show_default = (usual or {})[parameter.name]
        return decorated

    return decorate


def load_dataset(name: str, split: str = "test") -> Dataset:
    """Load a data set, saying so when it has to be built.

    :param split: "test" for the data as they are, "valid" for a rehearsal that asks for valid pairs.
    """
    dataset = datasets.load(name, Settings().places(), notices.print)
    return affinities.rehearsal(dataset) if split == "valid" else dataset


def fit_affinity(name: str, dataset: Dataset, quietly: bool = False) -> Affinity:
    """Fit an affinity under a progress bar, or take what was learned before.

    :param quietly: do not pass on what was left out, and why.
    """
    with work_bar() as progress:
        task = progress.add_task(f"learning the affinity {name!r} from {dataset.name}", total=1.0)
        places = Settings().places()
        report = None if quietly else notices.print
        return affinities.fit_or_load(name, dataset, places.cache, report, partial(progress.advance, task))


def work_bar() -> Progress:
    """A bar of work of which it is told what share is done, gone when it is over."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(), console=notices,
        transient=True, disable=not notices.is_terminal,
    )  # fmt: skip


def make_setting(options: RunOptions, dataset: Dataset, affinity: Affinity, anonymous: bool = False) -> Setting:
    """Everything about a run but the policy."""
    return Setting(
        dataset,
        affinity,
        parse_users(options.users),
        Rules(options.turns, QuestionMode[options.questions.upper()]),
        drop_known=options.known == "drop",
        anonymous=anonymous,
    )


def check_output(path: Path | None, option: str) -> None:
    """Find out now, not after an hour, that a file cannot be written.

    :raises OptionError: when the folder is not there, or the path is a folder, a device or a pipe.
    """
    if path is None:
        return
    if path.exists() and not path.is_dir() and not path.is_file():
        raise OptionError(f"{option} {path}: is a device or a pipe; name an ordinary file")
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else f"lies in {path.absolute().parent}, which does not exist"
        raise OptionError(f"{option} {path}: {what}; name a file in a folder that exists")
