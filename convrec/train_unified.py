"""``convrec train --policy unified``: practise, choose on valid, keep the agent."""

from collections import deque
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from convrec import provenance
from convrec.run_options import RunOptions, console, fit_affinity, load_dataset, notices
from graph import affinity as affinities
from graph.answers import QuestionMode
from graph.dataset import Dataset
from graph.errors import OptionError
from policy.bayes import GainRule
from policy.tuned_rules import Conditions, closest_rule, shipped_rules
from policy.unified.checkpoint import META, Agent, load, save
from policy.unified.training import Look, Practice, Training, TrainingConfig, dialogues_needed

RECENT = 500
"""Dialogues over which the bar takes SR and AT."""


def train_unified(options: RunOptions, modes: tuple[str, ...], config: TrainingConfig, out: Path) -> None:
    """Train an agent and keep it in a folder.

    :param modes: question modes to practise.
    :raises OptionError: when there is something else in the folder.
    """
    check_folder(out)
    torch.set_num_threads(1)  # two threads fight over the cores that other work runs on, and sums change their order
    whole = load_dataset(options.data)
    valid = affinities.rehearsal(whole)
    practice = Practice(rehearsed := affinities.rehearsal(valid), fit_affinity(options.affinity, rehearsed))
    chosen_on = Practice(valid, fit_affinity(options.affinity, valid))
    rules = {QuestionMode[mode.upper()]: _rule(options, mode) for mode in modes}
    began = perf_counter()
    with _bar() as progress:
        task = progress.add_task("practising", total=dialogues_needed(config, modes), recent="")
        recent: deque[int] = deque(maxlen=RECENT)

        def advance(turns: NDArray[np.int16]) -> None:
            recent.extend(turns.tolist())
            lost = [turn == 0 for turn in recent]
            spent = [turn or 15 for turn in recent]
            progress.update(task, advance=len(turns), recent=f"SR {1 - np.mean(lost):.2f} AT {np.mean(spent):.2f}")

        training = Training(practice, chosen_on, rules, config, lambda look: _say(look, progress), advance)
        agent = training.run()
    minutes = (perf_counter() - began) / 60
    kept = replace(agent, provenance={**_record(whole, config, minutes), **agent.provenance})
    save(kept, out)
    _compare(agent)
    console.print(f"{minutes:.1f} minutes; kept in {out}")


def check_folder(out: Path) -> None:
    """Find out now, not after ten minutes, that an agent cannot be kept there.

    :raises OptionError: when it is no folder, holds something else, or lies nowhere.
    """
    if out.is_file() or not out.absolute().parent.is_dir():
        what = "is a file" if out.is_file() else f"lies in {out.absolute().parent}, which does not exist"
        raise OptionError(f"--out {out}: {what}; name a folder for the agent")
    if out.is_dir() and (out / META).is_file():
        load(out)
    elif out.is_dir() and any(out.iterdir()):
        raise OptionError(f"--out {out}: holds other files; name a new folder for the agent")


def _rule(options: RunOptions, mode: str) -> GainRule:
    conditions = Conditions(options.data, options.affinity, mode, options.turns, options.known, "classic")
    tuned = closest_rule(shipped_rules(), conditions)
    return GainRule() if tuned is None else tuned.rule


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("dialogues"),
        TextColumn("{task.fields[recent]}"), TimeRemainingColumn(), console=notices, transient=True,
        disable=not notices.is_terminal,
    )  # fmt: skip


def _say(look: Look, progress: Progress) -> None:
    """One line for each look at valid, above the bar."""
    mean = {name: np.mean([each[name] for each in look.figures.values()]) for name in ("sr", "at", "reward")}
    progress.console.print(
        f"round {look.round + 1}, prudence {look.prudence:g}: valid SR {mean['sr']:.3f}, AT {mean['at']:.2f}, "
        f"reward {mean['reward']:.3f}; beyond the rule {look.gain:+.3f}, classic people {look.harm:+.3f} turns"
    )


def _record(whole: Dataset, config: TrainingConfig, minutes: float) -> dict[str, Any]:
    return {
        "command": provenance.command_line(),
        "commit": provenance.commit(),
        "data": {"name": whole.name, "fingerprint": whole.fingerprint, "licence": whole.licence},
        "seed": config.seed,
        "minutes": round(minutes, 1),
    }


def _compare(agent: Agent) -> None:
    """What the agent reached on valid, beside the rule it began as."""
    table = Table(title="valid", box=None, title_justify="left")
    for name in ("users", "policy", "SR", "AT", "hDCG", "reward", "interruptions"):
        table.add_column(name, justify="left" if name in ("users", "policy") else "right")
    for where, figures in agent.provenance["valid"].items():
        for policy, row in (("bayes", agent.provenance["valid_of_rule"][where]), ("unified", figures)):
            table.add_row(
                where, policy, f"{row['sr']:.3f}", f"{row['at']:.2f}", f"{row['hdcg']:.3f}", f"{row['reward']:.3f}",
                f"{row['interruptions']:.2f}",
            )  # fmt: skip
    console.print(table)
