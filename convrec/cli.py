"""The command line: commands that are imported only when they are called, and one line for what goes wrong."""

import errno
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from io import TextIOWrapper
from typing import NamedTuple

import rich_click as click
from click.exceptions import Exit, NoArgsIsHelpError

from graph.errors import ConvrecError

BAD_INPUT = 2
INTERRUPTED = 130
"""128 + SIGINT, as shells count."""

NO_FAULT_OF_OURS = frozenset({errno.EACCES, errno.EDQUOT, errno.EIO, errno.ENOSPC, errno.EPERM, errno.EROFS})
"""Errors of the operating system that the person at the terminal can mend and a traceback does not explain."""


class Entry(NamedTuple):
    """Where a command lives and what it is for."""

    target: str
    """"module:attribute"."""
    help: str


COMMANDS: dict[str, Entry] = {
    "data": Entry("convrec.data_commands:data", "Fetch, import, check and show data sets."),
    "train": Entry("convrec.train_command:train", "Train a policy in the simulator."),
    "train-words": Entry("convrec.words_command:train_words", "Train the neural generator of replies."),
    "evaluate": Entry("convrec.evaluate_command:evaluate", "Compare policies over simulated dialogues."),
    "simulate": Entry("convrec.simulate_command:simulate", "Show a few simulated dialogues in words."),
    "chat": Entry("convrec.chat_command:chat", "Talk with the agent in the terminal."),
    "serve": Entry("convrec.serve_command:serve", "Serve the agent to Rasa and to chat front ends."),
    "dialogs": Entry("convrec.dialogs_commands:dialogs", "List, show, replay, rate and export kept dialogues."),
    "explain-policy": Entry(
        "convrec.explain_command:explain_policy", "Draw what the unified policy sees and thinks, turn by turn."
    ),
    "personas": Entry("convrec.personas_command:personas", "Show the several tastes of one person."),
    "codes": Entry("convrec.codes_command:codes", "Learn item codes and carry them to other catalogues."),
    "users": Entry("convrec.users_command:users", "List the kinds of simulated users, each with a dialogue."),
    "bench": Entry("convrec.bench_commands:bench", "Measure speed, record acceptance tables, draw their page."),
}


def examples(*lines: str) -> str:
    """An epilog that shows how a command is called, one example a line."""
    return "\n\n".join(["Examples:", *(f"$ {line}" for line in lines)])


class CommandTable(click.RichGroup):
    """A group that knows names and help of its commands by heart and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Put the command that is called in the place of its stand-in."""
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, load(COMMANDS[name]) if name and stand_in else None, rest


def load(entry: Entry) -> click.Command:
    """Import one command."""
    module, attribute = entry.target.split(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    return command


@click.group(
    cls=CommandTable,
    commands={name: click.RichCommand(name=name, help=entry.help) for name, entry in COMMANDS.items()},
    epilog=examples(
        "convrec data fetch movies",
        "convrec evaluate --data movies --policy bayes --policy random",
        "convrec simulate --data movies",
    ),
)
@click.version_option(version("convrec"), message="%(prog)s %(version)s")
def convrec() -> None:
    """A conversational recommender that asks, recommends, and knows when to wait."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0, 2 for bad input, 130 after Ctrl-C, or what the command asks for.

    What a person can mend is said in one line on stderr; errors of the program itself keep their traceback.
    """
    _forgive_encodings()
    try:
        # Not `convrec.main()`, which has words and exit codes of its own for what goes wrong.
        with convrec.make_context("convrec", list(sys.argv[1:] if arguments is None else arguments)) as context:
            convrec.invoke(context)
        _flush()
    except Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _complain("interrupted", INTERRUPTED)
    except SystemError as error:
        if not _comes_of_an_interrupt(error):
            raise
        return _complain("interrupted", INTERRUPTED)
    except NoArgsIsHelpError as error:
        click.echo(error.message, err=True)
        return BAD_INPUT
    except click.UsageError as error:
        hint = f" (see '{error.ctx.command_path} --help')" if error.ctx else ""
        return _complain(error.format_message() + hint)
    except click.ClickException as error:
        return _complain(error.format_message())
    except ConvrecError as error:
        return _complain(str(error))
    except BrokenPipeError:
        # Whoever read our output has gone; keep the interpreter from flushing into nowhere as it ends.
        sys.stdout = None
        return 1
    except OSError as error:
        if error.errno not in NO_FAULT_OF_OURS:
            raise
        where = f": {error.filename}" if error.filename else ""
        return _complain(f"{error.strerror}{where}")
    return 0


def _comes_of_an_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: compiled code that is interrupted as it is called raises a SystemError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error is not None


def _flush() -> None:
    """Write out what was printed, so that a reader who has gone is noticed here."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _forgive_encodings() -> None:
    """Let a terminal that knows no "±" show "?" instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _complain(message: str, exit_code: int = BAD_INPUT) -> int:
    """Say one line on stderr and hand the exit code on."""
    click.echo(f"convrec: {' '.join(message.split())}", err=True)
    return exit_code
