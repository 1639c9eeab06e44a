"""``convrec dialogs``: what became of the dialogues that were kept."""

from datetime import datetime
from pathlib import Path
from time import perf_counter

import rich_click as click
from click.exceptions import Exit
from rich import box
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from convrec.cli import BAD_INPUT, examples
from convrec.kept_dialogues import Tables, chosen_dialogues, find_dialogue, folder_of
from convrec.replay_report import DIFFERS, Replays, print_replays, write_replays
from convrec.run_options import check_output, console, notices
from dialogs.acts import Recommend
from dialogs.acts_in_words import Names, ending_in_words, heard_in_words
from dialogs.exporting import FORMATS, Kept
from dialogs.generation.requests import NAMED
from dialogs.replay import replay as replay_dialogue
from dialogs.replay import thought_in_words
from dialogs.transcripts import SUFFIX, Rating, Recorder, Transcript, TurnRecord, read_transcript, transcripts_in
from graph.errors import ConvrecError, DataError
from graph.printable import printable
from graph.whole_file import written_whole

_keep_option = click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Where the dialogues lie; by default in the folder of your data.",
)  # fmt: skip
_all_option = click.option("--all", "everything", is_flag=True, help="All dialogues of the folder.")
_name = click.argument("name", metavar="NAME")
_names = click.argument("names", metavar="[NAME]...", nargs=-1)


@click.group(
    epilog=examples(
        "convrec dialogs list",
        "convrec dialogs show last --thoughts",
        "convrec dialogs replay --all",
        "convrec dialogs export --all --format rasa --out test_kept.yml",
    )
)
def dialogs() -> None:
    """List, show, replay, rate and export kept dialogues."""


@dialogs.command(name="list", epilog=examples("convrec dialogs list", "convrec dialogs list --keep ~/talks"))
@_keep_option
def list_(keep: Path | None) -> None:
    """List the dialogues that were kept, the latest last: with whom, how long, how they ended, how they were rated."""
    folder = folder_of(keep)
    paths = transcripts_in(folder)
    if not paths:
        console.print(Text(f"no dialogues in {folder} yet; hold one: convrec chat"), soft_wrap=True)
        return
    table = Grid(box=box.SIMPLE_HEAD, show_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    tables, damaged = Tables(), list[str]()
    for heading in ("name", "when"):
        table.add_column(heading, no_wrap=True)
    for heading in ("data", "policy"):
        table.add_column(heading, overflow="fold")
    table.add_column("turns", justify="right")
    table.add_column("ended", overflow="fold")
    table.add_column("rating", justify="right")
    with notices.status(f"reading {folder}"):
        for path in paths:
            try:
                table.add_row(*_row(read_transcript(path), tables))
            except DataError as error:
                table.add_row(_name_of(path), *[""] * 4, Text("damaged", style="red"))
                damaged.append(str(error))
    console.print(table)
    for line in damaged:
        console.print(Text(printable(line), style="red"), soft_wrap=True)


def _name_of(path: Path) -> Text:
    return Text(printable(path.name.removesuffix(SUFFIX)), style="bold")


def _row(transcript: Transcript, tables: Tables) -> tuple[Text, ...]:
    header = transcript.header
    stars = str(transcript.ratings[-1].stars) if transcript.ratings else ""
    plain = _when(transcript, short=True), header.data, header.policy, str(_turns(transcript))
    ending = _ending(transcript, tables.names_of(transcript))
    return (_name_of(transcript.path), *(Text(printable(each)) for each in plain), ending, Text(stars))


def _when(transcript: Transcript, short: bool = False) -> str:
    """When it began, by the clock of the person."""
    began = transcript.header.started.astimezone()
    this_year = began.year == datetime.now().astimezone().year
    return began.strftime("%Y-%m-%d %H:%M" if not short else "%d %b %H:%M" if this_year else "%d %b %Y")


def _turns(transcript: Transcript) -> int:
    """Turns the agent took."""
    return next((turn.thought.turn for turn in reversed(transcript.turns) if turn.thought), 0)


def _ending(transcript: Transcript, names: Names) -> Text:
    if transcript.farewell is None:
        return Text("broken off", style="yellow")
    found = transcript.farewell.found is not None
    return Text(ending_in_words(names, transcript.farewell), style="green" if found else "default")


@dialogs.command(epilog=examples("convrec dialogs show last", "convrec dialogs show 20261126-172723 --thoughts"))
@_name
@_keep_option
@click.option("--thoughts", is_flag=True, help="Also what was understood, what was believed, and which slot was taken.")
def show(name: str, keep: Path | None, thoughts: bool) -> None:
    """Show a dialogue in words: what was typed, what buttons meant, what the agent said.

    NAME is what convrec dialogs list shows, a file, or last for the one that began last.
    """
    transcript, tables = read_transcript(find_dialogue(folder_of(keep), name)), Tables()
    header = transcript.header
    try:
        names = Names(tables.dataset_of(transcript).catalogue)
    except DataError as error:
        names = Names(None)
        notices.print(Text(f"items and attributes are told as numbers: {error}", style="yellow"), soft_wrap=True)
    who = "somebody unknown" if header.user is None else f"user {header.user}"
    settings = f"{header.policy}, {header.affinity}, {header.questions} questions, {header.turns} turns at most"
    console.rule(Text(f"{printable(transcript.name)} · {_when(transcript)}", style="bold"), align="left")
    console.print(Text(printable(f"{header.data}, {who}: {settings}"), style="dim"))
    lines = Grid.grid(padding=(0, 2))
    lines.add_column(justify="right", style="dim", no_wrap=True)
    lines.add_column(overflow="fold")
    for turn in transcript.turns:
        _add_turn(lines, turn, names, thoughts)
    ending = _ending(transcript, names)
    for rating in transcript.ratings:
        comment = printable(rating.comment)
        ending.append(f" · rated {rating.stars} of 5{f': {comment}' if comment else ''}", style="default")
    lines.add_row("", ending)
    console.print(Padding(lines, (0, 0, 0, 2)))


def _add_turn(lines: Grid, turn: TurnRecord, names: Names, thoughts: bool) -> None:
    if turn.heard:
        understood = heard_in_words(names, turn.heard)
        typed = printable(turn.message)
        lines.add_row("person", Text(typed or f"[{understood}]"))
        if thoughts and typed:
            sure = min((act.confidence for act in turn.heard if hasattr(act, "confidence")), default=1.0)
            lines.add_row("", Text(f"understood, {sure:.0%} sure: {understood}", style="dim"))
    lines.add_row("agent", Text(printable(turn.text) or "…", style="bold cyan"))
    for act in turn.says:
        if isinstance(act, Recommend) and len(act.items) > NAMED:
            items = "   ".join(f"[{place}] {names.item(item)}" for place, item in enumerate(act.items, start=1))
            lines.add_row("", Text(items, style="green"))
    if thoughts and turn.thought is not None:
        lines.add_row("", Text(f"turn {turn.thought.turn} · {thought_in_words(names, turn.thought)}", style="dim"))


@dialogs.command(
    epilog=examples(
        "convrec dialogs replay last",
        "convrec dialogs replay --all --json replay.json",
        "convrec dialogs replay --all --heard",
        "convrec dialogs replay last --checkpoint my-agent --full",
    )
)
@_names
@_all_option
@_keep_option
@click.option("--heard", is_flag=True, help="Take what was understood as it was recorded: a change of the agent alone.")
@click.option("--checkpoint", type=click.Path(path_type=Path, exists=True), metavar="PATH",
              help="Let an agent of your own lead them, whoever led them then.")  # fmt: skip
@click.option("--full", is_flag=True, help="Print every difference, not those of the first turn alone.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write all of it here.")
def replay(
    names: tuple[str, ...], everything: bool, keep: Path | None, heard: bool, checkpoint: Path | None, full: bool,
    json_path: Path | None,
) -> None:  # fmt: skip
    """Hold dialogues again, word for word, and show what is not as it was recorded.

    Compared are what was understood, what the agent did, what it said, and what it went by. Exit code 0: nothing
    differs; 1: something does; 2: some could not be replayed.
    """
    check_output(json_path, "--json")
    paths = chosen_dialogues(folder_of(keep), names, everything)
    replays, tables = Replays(heard), Tables(checkpoint)
    with _progress() as progress:
        for path in progress.track(paths, description="replaying"):
            try:
                transcript = read_transcript(path)
                table = tables.table_of(transcript)
                began = perf_counter()
                replays.done.append(replay_dialogue(transcript, table.session(), table.header(), not heard))
                replays.seconds += perf_counter() - began
            except ConvrecError as error:
                if len(paths) == 1:
                    raise
                replays.refused.append((path.name.removesuffix(SUFFIX), str(error)))
    print_replays(replays, full)
    if json_path is not None:
        write_replays(replays, json_path)
        console.print(Text(f"written: {json_path}"), soft_wrap=True)
    if replays.different or replays.refused:
        raise Exit(DIFFERS if replays.different else BAD_INPUT)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=notices,
        transient=True, disable=not notices.is_terminal,
    )  # fmt: skip


@dialogs.command(epilog=examples("convrec dialogs rate last --stars 4 --comment 'asked too much'"))
@_name
@click.option("--stars", type=click.IntRange(1, 5), required=True, help="How it was.")
@click.option("--comment", default="", metavar="TEXT", help="What was good or bad.")
@_keep_option
def rate(name: str, stars: int, comment: str, keep: Path | None) -> None:
    """Rate a dialogue; the rating is kept with it, and the latest counts."""
    path = find_dialogue(folder_of(keep), name)
    recorder = Recorder(path)
    try:
        recorder.rate(Rating(stars=stars, comment=comment.strip()))
    finally:
        recorder.close()
    console.print(Text(f"{path.name.removesuffix(SUFFIX)}: {stars} of 5"), soft_wrap=True)


@dialogs.command(
    epilog=examples(
        "convrec dialogs export --all --format dialoguekit --out dialogues.json",
        "convrec dialogs export last --format rasa --out test_kept.yml",
    )
)
@_names
@_all_option
@click.option("--format", "wanted", type=click.Choice(tuple(FORMATS)), required=True, help="Who is to read it.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Where to write it.")
@_keep_option
def export(names: tuple[str, ...], everything: bool, wanted: str, out: Path, keep: Path | None) -> None:
    """Write dialogues down in the format of others: DialogueKit's JSON, or test stories of Rasa 3."""
    check_output(out, "--out")
    paths, tables = chosen_dialogues(folder_of(keep), names, everything), Tables()
    kept, left_out = list[Kept](), list[str]()
    for path in paths:
        try:
            transcript = read_transcript(path)
            kept.append(Kept(transcript, tables.dataset_of(transcript).catalogue))
        except DataError as error:
            if not everything:
                raise
            left_out.append(str(error))
    for line in left_out:
        notices.print(Text(f"left out: {line}", style="yellow"), soft_wrap=True)
    if not kept:
        raise DataError(f"--all: none of {len(paths):,} dialogues can be exported; see: convrec dialogs list")
    with written_whole(out) as unfinished:
        unfinished.write_text(FORMATS[wanted](kept), encoding="utf-8")
    console.print(Text(f"written: {len(kept):,} dialogue{'s'[: len(kept) != 1]} to {out}"), soft_wrap=True)
    if wanted == "rasa" and not out.name.startswith("test_"):
        notices.print(Text("rasa reads test stories from files whose names begin with test_", style="yellow"))
