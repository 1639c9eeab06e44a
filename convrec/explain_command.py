"""``convrec explain-policy``: what the network sees and thinks, as pictures."""

from pathlib import Path

import rich_click as click

from convrec.cli import examples
from convrec.evaluate_command import make_policies, progress_bar
from convrec.plots import SUFFIXES
from convrec.run_options import (
    RunOptions,
    check_output,
    console,
    fit_affinity,
    load_dataset,
    make_setting,
    run_options,
)
from graph.errors import OptionError


@click.command(
    name="explain-policy",
    epilog=examples(
        "convrec explain-policy",
        "convrec explain-policy --users burst+deliberator --questions facet --number 7 --out dialogue.svg",
        "convrec explain-policy --data movies-all --checkpoint agent --habits habits.png",
    ),
)
@run_options()
@click.option("--checkpoint", type=click.Path(path_type=Path), metavar="FOLDER",
              help="An agent of your own; by default the one that comes with the package.")  # fmt: skip
@click.option("--split", type=click.Choice(["test", "valid"]), default="test", show_default=True,
              help="Which pairs the dialogues are about.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the dialogues.")
@click.option("--number", type=click.IntRange(1, 100_000), default=1, show_default=True,
              help="Which dialogue to draw.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("dialogue.png"), show_default=True,
              metavar="FILE", help="Where to draw it (.png, .svg, .pdf).")  # fmt: skip
@click.option("--habits", type=click.Path(path_type=Path), metavar="FILE",
              help="Also draw here what is done when, over many dialogues.")  # fmt: skip
@click.option("--dialogues", type=click.IntRange(1, 100_000), default=1000, show_default=True,
              help="Dialogues that habits are taken from.")  # fmt: skip
def explain_policy(
    options: RunOptions, checkpoint: Path | None, split: str, seed: int, number: int, out: Path, habits: Path | None,
    dialogues: int,
) -> None:  # fmt: skip
    """Draw one dialogue with what the unified policy believes and what each act is worth to it, turn by turn.

    Beside each value stands what the gain rule makes of the act: where the two part is what was learned.
    """
    for path, option in ((out, "--out"), (habits, "--habits")):
        check_output(path, option)
        if path is not None and path.suffix not in SUFFIXES:
            raise OptionError(f"{option} {path}: draws {', '.join(SUFFIXES)}; name a file that ends so")
    options.check_names()
    # PyTorch takes seconds to load, which wrong options need not wait for.
    from convrec.policy_moments import explain_dialogue, find_habits
    from convrec.policy_plots import plot_dialogue, plot_habits
    from policy.unified.agent import UnifiedPolicy

    policy, _ = make_policies(options, ["unified"], [checkpoint] if checkpoint else [])[-1]
    assert isinstance(policy, UnifiedPolicy)
    dataset = load_dataset(options.data, split)
    setting = make_setting(options, dataset, fit_affinity(options.affinity, dataset))
    about = f"{dataset.name}, {options.users} users, {options.questions} questions"
    plot_dialogue(explain_dialogue(setting, policy, seed, number - 1), f"{about}, dialogue {number}", out)
    console.print(f"drawn in {out}")
    if habits is not None:
        with progress_bar() as progress:
            task = progress.add_task("talking", total=dialogues)
            found = find_habits(setting, policy, dialogues, seed, lambda ended: progress.advance(task, ended))
        plot_habits(found, f"What is done when: {about}", habits)
        console.print(f"drawn in {habits}")
