"""``convrec chat``: sit down and talk."""

import select
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import rich_click as click
from rich import box
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from convrec.cli import examples
from convrec.item_facts import facts
from convrec.run_options import console, notices
from convrec.settings import Settings
from convrec.talk_flags import talk_flags
from dialogs.acts import AgentAct, Ask, Nothing, Recommend, Wait
from graph.catalogue import Catalogue
from graph.printable import printable

if TYPE_CHECKING:
    from dialogs.session import Reply, Session
    from dialogs.transcripts import Recorder

HELP = (
    "Type what you are looking for, or pick numbers. Also: why, undo, seen 2, like 1, not 3, older, let me think, "
    "start over, bye."
)


@click.command(
    epilog=examples(
        "convrec chat",
        "convrec chat --data lastfm --user 17 --questions facet",
        "convrec chat --data movies --policy bayes --exclude 'Titanic (1997)'",
        "convrec chat --generator smollm2",
        "convrec dialogs list",
    )
)
@talk_flags(questions="multi")
@click.option("--user", metavar="ID", help="Be this user of the data; somebody unknown if none is named.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other words.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Keep the dialogue here; by default in the folder of your data.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Do not tell what is believed.")
def chat(
    data: str, policy: str, checkpoint: Path | None, generator: str, affinity: str, questions: str, turns: int,
    list_length: int, user: str | None, exclude: tuple[str, ...], seed: int, keep: Path | None, quiet: bool,
) -> None:  # fmt: skip
    """Talk with the agent: it asks, it recommends, and it knows when to wait.

    Every turn is kept as it happens; see: convrec dialogs.
    """
    from convrec.talk import Table, TalkOptions
    from dialogs.transcripts import Recorder, new_path

    options = TalkOptions(
        data, policy, affinity, questions, turns, list_length, generator, user, seed, exclude, checkpoint
    )
    options.check_names()
    with notices.status(f"setting the table: {data}"):
        table = Table(options)
        session = table.session()
    table.warm_up()
    recorder = Recorder(new_path(keep or Settings().dialogs_folder()), table.header())
    talk = _Talk(session, recorder, table.dataset.catalogue, quiet, turns)
    try:
        talk.hold()
        talk.rate()
    except (KeyboardInterrupt, EOFError):
        console.print()
    finally:
        recorder.close()
        console.print(Text(f"kept in {recorder.path}", style="dim"), soft_wrap=True)


class _Talk:
    """One conversation at a terminal."""

    def __init__(self, session: "Session", recorder: "Recorder", catalogue: Catalogue, quiet: bool, turns: int) -> None:
        self._session, self._recorder, self._catalogue = session, recorder, catalogue
        self._quiet, self._turns = quiet, turns

    def hold(self) -> None:
        """From the first word to the last."""
        console.print(Text(HELP, style="dim"))
        reply = self._session.open()
        while True:
            self._recorder.turn(reply)
            self._show(reply, self._session.standing.conversation.wanted)
            if reply.over:
                return
            if reply.says and all(isinstance(act, Wait) for act in reply.says):
                message = self._silence()
                reply = self._session.press((Nothing(),)) if message is None else self._session.hear(message)
            else:
                reply = self._session.hear(self._read())

    def rate(self) -> None:
        """Ask what the person thought of it."""
        from dialogs.transcripts import Rating

        answer = self._read("How was it, from 1 to 5? (Enter to skip) ")
        if answer.strip()[:1] in set("12345"):
            self._recorder.rate(Rating(stars=int(answer.strip()[0]), comment=answer.strip()[1:].strip()))
            console.print(Text("Thank you.", style="dim"))

    def _read(self, prompt: str = "› ") -> str:
        return console.input(Text(prompt, style="bold green"))

    def _silence(self) -> str | None:
        """Listen without a word; None when nothing was said for a while."""
        from dialogs.session import SILENCE_S

        ends = monotonic() + SILENCE_S
        if not sys.stdin.isatty():
            return self._read()
        while (left := ends - monotonic()) > 0:
            console.print(Text(f"\r… listening {left:2.0f} s ", style="dim"), end="")
            if select.select([sys.stdin], [], [], min(1.0, left))[0]:
                console.print()
                line = sys.stdin.readline()
                if not line:
                    raise EOFError
                return line.rstrip("\n")
        console.print()
        return None

    def _show(self, reply: "Reply", wanted: frozenset[int]) -> None:
        for said in reply.said:
            console.print(Padding(Text(said.text, style="bold cyan"), (0, 0, 0, 2)))
        for act in reply.says:
            self._show_choices(act, wanted)
        if reply.thought is not None and not self._quiet:
            thought = reply.thought
            top = ", ".join(f"{self._catalogue.describe_item(item)} {_share(chance)}" for item, chance in thought.top)
            line = f"turn {thought.turn} of {self._turns} · about {thought.candidates:,} left · {printable(top)}"
            console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)))

    def _show_choices(self, act: AgentAct, wanted: frozenset[int]) -> None:
        catalogue = self._catalogue
        if isinstance(act, Ask) and len(act.options) > 1:
            names = [printable(catalogue.attribute_names[option]) for option in act.options]
            line = "   ".join(f"[{place}] {name}" for place, name in enumerate([*names, "none of these"], start=1))
            console.print(Padding(Text(f"{line}   [?] don't care", style="green"), (0, 0, 0, 2)))
        elif isinstance(act, Ask):
            line = "[yes]   [no]   [sort of]   [don't know]   [don't care]"
            console.print(Padding(Text(line, style="green"), (0, 0, 0, 2)))
        elif isinstance(act, Recommend):
            console.print(Padding(cards(catalogue, act.items, wanted), (0, 0, 0, 2)))


def _share(chance: float) -> str:
    return f"{chance:.0%}" if chance >= 0.01 else "<1%"


def cards(catalogue: Catalogue, items: tuple[int, ...], wanted: frozenset[int] = frozenset()) -> Grid:
    """A line for each item: number, name, and what is known of it, first what is wanted."""
    grid = Grid(box=box.SIMPLE, show_header=False, padding=(0, 1), show_edge=False)
    grid.add_column(justify="right", style="green", no_wrap=True)
    grid.add_column(style="bold", overflow="fold")
    grid.add_column(style="dim", overflow="fold")
    for place, item in enumerate(items, start=1):
        name = Text(printable(catalogue.describe_item(item)))
        grid.add_row(Text(f"[{place}]"), name, Text(facts(catalogue, item, wanted)))
    return grid
