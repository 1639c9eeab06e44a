"""``convrec simulate``: a few simulated dialogues, in words."""

import rich_click as click
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from convrec.cli import examples
from convrec.evaluate_command import make_policies
from convrec.run_options import RunOptions, console, fit_affinity, load_dataset, make_setting, run_options
from dialogs.phrases import WORDING
from policy import registry
from simulator.evaluation import Run, evaluate_policy
from simulator.rendering import render_dialogue


@click.command(
    epilog=examples(
        "convrec simulate",
        "convrec simulate --data movies-all --questions facet --dialogues 5 --seed 7",
        "convrec simulate --data lastfm --policy max-entropy",
    )
)
@run_options()
@click.option("--policy", default="bayes", show_default=True, metavar="NAME",
              help=f"Who talks: {', '.join(registry.names())}.")  # fmt: skip
@click.option("--split", type=click.Choice(["test", "valid"]), default="test", show_default=True,
              help="Which pairs the dialogues are about.")  # fmt: skip
@click.option("--dialogues", type=click.IntRange(1, 1000), default=3, show_default=True, help="How many to show.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other dialogues.")
def simulate(options: RunOptions, policy: str, split: str, dialogues: int, seed: int) -> None:
    """Show a few simulated dialogues in words."""
    options.check_names()
    ((chosen, _),) = make_policies(options, [policy], [])
    dataset = load_dataset(options.data, split)
    setting = make_setting(options, dataset, fit_affinity(options.affinity, dataset))
    run = evaluate_policy(chosen, setting, options.users, dialogues, [seed])
    for row in range(len(run.targets)):
        print_dialogue(run, row)


def print_dialogue(run: Run, row: int) -> None:
    """One dialogue under a heading that says who talks about what, which only the simulated user knew."""
    dataset = run.setting.dataset
    user = int(run.targets.users[row])
    who = f"user {dataset.interactions.user_key(user)}" if user >= 0 else "somebody unknown"
    target = dataset.catalogue.describe_item(int(run.targets.items[row]))
    console.rule(f"[bold]{row + 1}[/bold] · {escape(who)} has in mind: [italic]{escape(target)}[/italic]", align="left")
    console.print(Padding(dialogue_grid(run, row), (0, 0, 1, 2)))


def dialogue_grid(run: Run, row: int) -> Table:
    """Who says what, and how it ended."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(justify="right", style="dim", no_wrap=True)
    lines.add_column()
    for speaker, line in render_dialogue(run.setting.dataset.catalogue, run.history, row, WORDING):
        lines.add_row(speaker, Text(line, style="bold cyan" if speaker == "agent" else "default"))
    turn = int(run.success_turn[row])
    lost = "gave up" if run.history.left[row] else f"not found in {run.setting.rules.turns} turns"
    outcome = f"found at turn {turn}" if turn else lost
    lines.add_row("", Text(outcome, style="green" if turn else "red"))
    return lines
