"""Flags that every command takes which sets a table: what is talked about, who decides and in whose words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from dialogs.generation import registry as generators
from policy import registry

Command = TypeVar("Command", bound=Callable[..., Any])


def talk_flags(questions: str) -> Callable[[Command], Command]:
    """The flags, in the order of the help text.

    :param questions: kind of question by default.
    """
    flags = (
        click.option("--data", default="movies-all", show_default=True, help="Data set; see: convrec data list."),
        click.option("--policy", default="unified", show_default=True, metavar="NAME",
                     help=f"Who decides what is asked and shown: {', '.join(registry.names())}."),
        click.option("--checkpoint", type=click.Path(path_type=Path), metavar="PATH", help="An agent of your own."),
        click.option("--generator", default="template", show_default=True, metavar="NAME",
                     help=f"Who words it: {', '.join(generators.names())}."),
        click.option("--affinity", default="hybrid", show_default=True, help="What is known before the first word."),
        click.option("--questions", type=click.Choice(["binary", "facet", "multi"]), default=questions,
                     show_default=True,
                     help="One attribute (yes or no); four options, name one; four, name all that fit."),
        click.option("--turns", type=click.IntRange(1, 50), default=15, show_default=True,
                     help="Turns the agent may take."),
        click.option("--list-length", type=click.IntRange(1, 10), default=5, show_default=True,
                     help="Items it shows at once."),
        click.option("--exclude", multiple=True, metavar="ID_OR_TITLE",
                     help="Never show this item, as often as wanted."),
    )  # fmt: skip

    def flagged(command: Command) -> Command:
        for flag in reversed(flags):
            command = flag(command)
        return command

    return flagged
