"""``convrec train``: learn what a policy can learn, in the simulator."""

from pathlib import Path

import rich_click as click

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
from policy.tuned_rules import Conditions, TunedRule, keep_rule, read_rules
from policy.tuning import dialogues_needed, tune_gain_rule


@click.command(
    epilog=examples(
        "convrec train --policy bayes --out bayes.json",
        "convrec train --policy bayes --data lastfm --affinity content --turns 14 --out bayes.json",
        "convrec evaluate --data lastfm --affinity content --turns 14 --policy bayes --checkpoint bayes.json",
    )
)
@run_options()
@click.option("--policy", type=click.Choice(["bayes"]), default="bayes", show_default=True,
              help="What to train.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the valid dialogues.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("bayes.json"), show_default=True, metavar="FILE",
              help="Where to keep what was learned; rules for other conditions in it stay.")  # fmt: skip
def train(options: RunOptions, policy: str, seed: int, out: Path) -> None:
    """Train a policy in the simulator.

    For bayes: find the few numbers of its gain rule on a rehearsal that asks for valid pairs. The test split is not
    looked at.
    """
    check_output(out, "--out")
    options.check_names()
    if out.exists():
        read_rules(out)
    whole = load_dataset(options.data)
    dataset = affinities.rehearsal(whole)
    setting = make_setting(options, dataset, fit_affinity(options.affinity, dataset))
    with progress_bar() as progress:
        task = progress.add_task(f"tuning {policy}", total=dialogues_needed())
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
