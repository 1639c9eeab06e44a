"""``convrec users``: the kinds of simulated users, each with a dialogue."""

from pathlib import Path

import rich_click as click
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import check_output, console, fit_affinity, load_dataset, notices
from convrec.simulate_command import dialogue_grid
from convrec.users_page import SAMPLE_DATA, Sampler, draw_page
from graph.errors import OptionError
from graph.whole_file import written_whole
from simulator.users import HELD_OUT, KINDS, parse_users
from simulator.users.protocol import Kind


@click.command(
    epilog=examples("convrec users", "convrec users impatient", "convrec users burst+deliberator --data movies")
)
@click.argument("kind", required=False)
@click.option("--data", default=SAMPLE_DATA, show_default=True, help="What the sample dialogue is about.")
@click.option("--page", type=click.Path(path_type=Path), metavar="FILE", help="Write the page of all kinds here.")
def users(kind: str | None, data: str, page: Path | None) -> None:
    """List the kinds of simulated users, or show one with a sample dialogue.

    Kinds are joined by +, with a number after a colon: noisy:0.1+impatient.
    """
    check_output(page, "--page")
    if kind is not None and page is not None:
        raise OptionError("--page is of all kinds; leave the kind out")
    if page is not None:
        with notices.status("holding dialogues"):
            text = draw_page(_sampler(data))
        with written_whole(page) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    elif kind is None:
        console.print(_table())
    else:
        parts = parse_users(kind).parts
        for each, number in parts:
            _show(each, number)
        sampler = _sampler(data)
        run, row = sampler.sample(kind)
        console.print(Padding(dialogue_grid(run, row), (0, 0, 1, 2)))


def _sampler(data: str) -> Sampler:
    dataset = load_dataset(data)
    return Sampler(dataset, fit_affinity("popularity", dataset))


def _table() -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for kind in KINDS.values():
        held_out = " [dim](held out of the mixture)[/]" if kind.name in HELD_OUT else ""
        table.add_row(f"{kind.name}{_number_of(kind)}", f"They {kind.said}{held_out}")
    return table


def _number_of(kind: Kind) -> str:
    return f":{kind.number.default:g}" if kind.number else ""


def _show(kind: Kind, number: float) -> None:
    title = f"{kind.name}:{number:g}" if kind.number else kind.name
    console.rule(f"[bold]{escape(title)}[/]", align="left")
    console.print(f"They {escape(kind.said)}\n")
    if kind.number:
        low, high = kind.number.low, kind.number.high
        console.print(f"[dim]The number, {low:g} to {high:g}: {escape(kind.number.meaning)}.[/]")
    console.print(f"[dim]{escape(kind.reason)}[/]\n")
