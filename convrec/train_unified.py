"""``convrec train --policy unified``: practise, choose on valid, keep the agent."""

import hashlib
import json
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from convrec import provenance
from convrec.policy_plots import plot_training
from convrec.run_options import RunOptions, check_output, console, fit_affinity, load_dataset, notices
from convrec.tastes_of_users import tastes_of
from graph import affinity as affinities
from graph.affinity.signals.coded import learn_codebook
from graph.answers import QuestionMode
from graph.dataset import Dataset
from graph.errors import OptionError
from graph.places import Places
from policy.bayes import GainRule
from policy.tuned_rules import RunConditions, closest_rule, shipped_rules
from policy.unified.checkpoint import META, Agent, load, save
from policy.unified.extras import CodeExtra, Extra, TasteExtra
from policy.unified.layout import layout_hash
from policy.unified.looks import Look
from policy.unified.practice import Practice
from policy.unified.training import Onlooker, Training, TrainingConfig, dialogues_needed, first_practice
from simulator.candidates import ActionSpace

RECENT = 500
"""Dialogues over which the bar takes SR and AT."""


def train_unified(
    options: RunOptions, modes: tuple[str, ...], config: TrainingConfig, out: Path, plot: Path | None = None,
    log: Path | None = None, shared: Path | None = None, dataset: Dataset | None = None,
) -> None:  # fmt: skip
    """Train an agent and keep it in a folder.

    What was practised is kept in the cache until the training is over, and the best agent so far in the folder.

    :param modes: question modes to practise.
    :param plot: where to draw the curve; ``log``: folder for TensorBoard; ``shared``: folder in which trainings that
        differ in the network alone find the first round of the one that came first.
    :param dataset: what to train on; what the options name if not given.
    :raises OptionError: when there is something else in the folder.
    """
    check_folder(out)
    check_output(plot, "--plot")
    torch.set_num_threads(1)  # two threads fight over the cores that other work runs on, and sums change their order
    whole = load_dataset(options.data) if dataset is None else dataset
    valid = affinities.rehearsal(whole)
    rehearsed = affinities.rehearsal(valid)
    practice, chosen_on = (
        Practice(each, fit_affinity(options.affinity, each), tastes_of(each) if "tastes" in config.extras else None)
        for each in (rehearsed, valid)
    )
    rules = {QuestionMode[mode.upper()]: _rule(options, whole, mode) for mode in modes}
    diary = Places.from_environment().cache / "practice" / _key(whole, options, modes, asdict(config))
    first = None
    if shared is not None:
        first = shared / f"{_key(whole, options, modes, first_practice(config))}.safetensors"
        if first.exists() and config.practises:
            notices.print(f"the first round was practised before: {first}")
    if diary.exists():
        notices.print("going on with what was practised before this training was broken off")
    began = perf_counter()

    def keep(agent: Agent) -> None:
        minutes = (perf_counter() - began) / 60
        save(replace(agent, provenance={**_record(whole, config, minutes), **agent.provenance}), out)

    with _bar() as progress, _for_tensorboard(log) as write:
        show = _Show(progress, dialogues_needed(config, modes), write)
        onlooker = Onlooker(looked=show.looked, ended=show.ended, fitted=show.fitted, improved=keep)
        training = Training(practice, chosen_on, rules, config, onlooker, diary, first, _extras(config, rehearsed))
        try:
            agent = training.run()
        except KeyboardInterrupt:
            so_far = f"; the best so far is in {out}" if training.chosen else ""
            notices.print(f"the same command goes on from here{so_far}")
            raise
    keep(agent)
    shutil.rmtree(diary, ignore_errors=True)
    _compare(agent)
    _show_curve(training)
    if plot is not None:
        plot_training(curve(training), plot)
    console.print(f"{(perf_counter() - began) / 60:.1f} minutes; kept in {out}")


def _extras(config: TrainingConfig, rehearsed: Dataset) -> list[Extra]:
    """What else the network is told, learned from the rehearsal that is practised on."""
    made: dict[str, Callable[[], Extra]] = {
        TasteExtra.name: TasteExtra,
        CodeExtra.name: lambda: CodeExtra(learn_codebook(rehearsed)),
    }
    return [made[name]() for name in config.extras]


def _key(whole: Dataset, options: RunOptions, modes: tuple[str, ...], settings: Mapping[str, Any]) -> str:
    """The same for the same training."""
    what = [whole.fingerprint, options.affinity, modes, settings, layout_hash(ActionSpace())]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


class _Show:
    """Shows how it goes: a bar with the latest figures, a line for each look at valid, curves for TensorBoard."""

    def __init__(self, progress: Progress, total: int | None, write: Callable[[str, float, int], None]) -> None:
        self._progress, self._write = progress, write
        self._task = progress.add_task("practising", total=total, recent="")
        self._recent: deque[int] = deque(maxlen=RECENT)
        self._held = 0

    def ended(self, turns: NDArray[np.int16]) -> None:
        """See :attr:`policy.unified.training.Onlooker.ended`."""
        if not len(turns):
            return
        self._recent.extend(turns.tolist())
        self._held += len(turns)
        found, spent = np.mean([turn > 0 for turn in self._recent]), np.mean([turn or 15 for turn in self._recent])
        self._progress.update(self._task, advance=len(turns), recent=f"SR {found:.2f} AT {spent:.2f}")
        self._write("practice/SR", float(found), self._held)
        self._write("practice/AT", float(spent), self._held)

    def looked(self, look: Look) -> None:
        """See :attr:`policy.unified.training.Onlooker.looked`."""
        _say(look, self._progress)
        for where, figures in look.figures.items():
            for name, value in figures.items():
                self._write(f"valid, prudence {look.prudence:g}/{where}/{name}", value, look.round + 1)

    def fitted(self, number: int, losses: list[float]) -> None:
        """See :attr:`policy.unified.training.Onlooker.fitted`."""
        for epoch, loss in enumerate(losses):
            self._write("fit/loss", loss, number * len(losses) + epoch)


@contextmanager
def _for_tensorboard(folder: Path | None) -> Iterator[Callable[[str, float, int], None]]:
    """What writes a figure for TensorBoard; nothing without a folder.

    :raises OptionError: when the folder cannot be written.
    """
    if folder is None:
        yield lambda name, value, step: None
        return
    from torch.utils.tensorboard import SummaryWriter

    try:
        writer = SummaryWriter(str(folder))
    except OSError as error:
        raise OptionError(f"--log {folder}: cannot be written ({error.strerror}); name a folder you own") from error
    try:
        yield lambda name, value, step: writer.add_scalar(name, value, step)
    finally:
        writer.close()


def curve(training: Training) -> dict[str, list[float]]:
    """Reward on valid by population and mode, first of the rule it began as, then after each round."""
    looks = training.chosen
    return {
        where: [looks[0].beside[where]["reward"], *(look.figures[where]["reward"] for look in looks)]
        for where in looks[0].figures
    }


def _show_curve(training: Training) -> None:
    """How the reward on valid grew, as bars."""
    where, rewards = next(iter(curve(training).items()))
    low, high = min(rewards), max(rewards)
    console.print(f"reward on valid, {where}")
    for number, reward in enumerate(rewards):
        bar = "█" * (1 + round(30 * (reward - low) / max(high - low, 1e-9)))
        console.print(f"  {'start' if number == 0 else f'round {number}':8} {reward:+.3f} [green]{bar}[/]")


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


def _rule(options: RunOptions, whole: Dataset, mode: str) -> GainRule:
    before = tuple(each.name for each in whole.grown_from)
    conditions = RunConditions(options.data, options.affinity, mode, options.turns, options.known, grown_from=before)
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
