"""``convrec train``: learn what a policy can learn, in the simulator."""

from dataclasses import replace
from pathlib import Path

import rich_click as click
from click.core import ParameterSource

from convrec import provenance
from convrec.cli import examples
from convrec.evaluate_command import progress_bar
from convrec.run_options import (
    RunOptions,
    check_output,
    console,
    fit_affinity,
    load_dataset,
    make_setting,
    run_options,
)
from graph import affinity as affinities
from graph.answers import QuestionMode
from graph.errors import OptionError
from policy.tuned_rules import Conditions, TunedRule, keep_rule, read_rules
from policy.tuning import dialogues_needed, tune_gain_rule


@click.command(
    epilog=examples(
        "convrec train --data movies --out agent",
        "convrec train --data lastfm --questions multi --users noisy:0.1+dont-know:0.2 --seed 3 --out agent",
        "convrec evaluate --data movies --users mixture --policy bayes --policy unified --checkpoint agent",
        "convrec train --plot curve.svg --log logs --out agent",
        "convrec train --variant no-gnn --rounds 1 --dialogues 4500 --out no-gnn",
        "convrec train --policy bayes --data lastfm --affinity content --turns 14 --out bayes.json",
        "convrec evaluate --data lastfm --affinity content --turns 14 --policy bayes --checkpoint bayes.json",
    )
)
@run_options(usual={"users": "mixture, for bayes classic", "questions": "all of them, for bayes binary"})
@click.option("--policy", type=click.Choice(["unified", "bayes"]), default="unified", show_default=True,
              help="What to train: the graph network, or the few numbers of the gain rule.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of weights and dialogues.")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH",
              help="Where to keep what was learned: a folder for an agent (by default agent), a file for rules "
              "(bayes.json), in which rules for other conditions stay.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1, 100), help="unified: rounds of practice.")
@click.option("--dialogues", type=click.IntRange(30, 1_000_000), help="unified: dialogues of a round.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True,
              help="unified: where the network learns and acts.")  # fmt: skip
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE", help="unified: draw the curve here (.png, .svg)."
)
@click.option("--log", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="unified: write figures for TensorBoard here.")  # fmt: skip
@click.option("--variant", metavar="NAME", help="unified: leave a part out, or fake the learning; see docs/policy.md.")
@click.option("--practice", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="unified: keep the first round here, or find it: it is the same for all networks.")  # fmt: skip
def train(
    options: RunOptions, policy: str, seed: int, out: Path | None, rounds: int | None, dialogues: int | None,
    device: str, plot: Path | None, log: Path | None, variant: str | None, practice: Path | None,
) -> None:  # fmt: skip
    """Train a policy in the simulator.

    unified: start as the gain rule, hold dialogues with a mixture of people, find out at each decision what other acts
    would have come to, and learn from it; by default for all kinds of questions, a quarter of an hour. Broken off, the
    same command goes on from there. bayes: find the few numbers of the gain rule. Both practise on rehearsals; the test
    split is not looked at.
    """
    options.check_names()
    if policy == "bayes":
        _tune(options, seed, out or Path("bayes.json"))
        return
    # PyTorch takes seconds to load, which the rules do not need.
    from convrec.train_unified import train_unified
    from policy.unified.training import TrainingConfig
    from policy.unified.variants import vary

    given = {name for name in ("users", "questions") if _is_given(name)}
    config = TrainingConfig(seed=seed)
    if "users" in given:
        config = replace(config, users=options.users)
    if dialogues is not None:
        config = replace(config, dialogues=dialogues, valid_dialogues=max(dialogues // 4, 60))
    config = replace(config, rounds=rounds or config.rounds)
    if variant is not None:
        config = vary(config, variant)
    modes = (options.questions,) if "questions" in given else tuple(mode.name.lower() for mode in QuestionMode)
    if device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise OptionError("--device cuda: PyTorch finds none here; leave it out to train on the processor")
        config = replace(config, device=device)
    train_unified(options, modes, config, out or Path("agent"), plot, log, practice)


def _is_given(option: str) -> bool:
    """Whether an option stands on the command line; else the default depends on what is trained."""
    context = click.get_current_context()
    return context is not None and context.get_parameter_source(option) is ParameterSource.COMMANDLINE


def _tune(options: RunOptions, seed: int, out: Path) -> None:
    """Find the numbers of the gain rule on a rehearsal that asks for valid pairs."""
    check_output(out, "--out")
    if out.exists():
        read_rules(out)
    whole = load_dataset(options.data)
    dataset = affinities.rehearsal(whole)
    setting = make_setting(options, dataset, fit_affinity(options.affinity, dataset))
    with progress_bar() as progress:
        task = progress.add_task("tuning bayes", total=dialogues_needed())
        tuning = tune_gain_rule(setting, seed, lambda ended: progress.advance(task, ended))
    conditions = Conditions(
        options.data, options.affinity, options.questions, options.turns, options.known, options.users
    )
    record = {
        "command": provenance.command_line(),
        "commit": provenance.commit(),
        "data": whole.fingerprint,
        "seed": seed,
        "valid": {
            "dialogues": tuning.dialogues,
            "sr": tuning.success_rate,
            "at": tuning.average_turns,
            "hdcg": tuning.hdcg,
        },
    }
    keep_rule(out, TunedRule(conditions, tuning.rule, record))
    console.print(
        f"recommend iff {tuning.rule.success_bonus:g} * m + H(m) >= {tuning.rule.question_weight:g} * "
        f"min(1, L / {tuning.rule.horizon:g}) * I\n"
        f"valid, {tuning.dialogues:,} dialogues: SR {tuning.success_rate:.3f}, "
        f"AT {tuning.average_turns:.2f}, hDCG {tuning.hdcg:.3f}; kept in {out}"
    )
