"""How much of what simulated users mean is left when they say it instead of pressing buttons.

The same people, items and luck twice: once with buttons, once with words that somebody has to understand.
Legend: D dialogues.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialogs.acts import Unclear, UserAct
from dialogs.spoken import Outcome, Speaking, Utterance
from dialogs.understanding.exact import ExactWords
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.paraphrase import Manners, Paraphrases
from dialogs.understanding.plain import PLAINLY
from dialogs.understanding.protocol import Context, Understander
from dialogs.understanding.understander import LexicalUnderstander
from graph.catalogue import Catalogue
from simulator.metrics import turns_taken
from simulator.protocol import Policy
from simulator.runs import Setting, Targets, run_dialogues
from simulator.statistics import PairedBootstrap

LISTENERS = ("shipped", "no MiniLM", "exact words", "one behind", "deaf")
"""The understander that is shipped, the same without likeness of meaning, a plain one, and two fakes."""


class Deaf:
    """Understands nothing."""

    name = "deaf"

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        return (Unclear(),)


class OneBehind:
    """Understands the message before instead: what people say in general without what this one said."""

    name = "one behind"

    def __init__(self, understander: Understander) -> None:
        self._understander, self._before = understander, ""

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        before, self._before = self._before, message
        return self._understander.understand(before, context)


def listeners(catalogue: Catalogue, names: Sequence[str], cache: Path | None) -> dict[str, Understander]:
    """Those of :data:`LISTENERS` that are named.

    :param cache: folder in which embeddings are kept.
    """
    lexicon = Lexicon(catalogue)

    def shipped() -> Understander:
        return LexicalUnderstander(lexicon, Paraphrases(catalogue, cache), Manners(PLAINLY, cache))

    made: dict[str, Callable[[], Understander]] = {
        "shipped": shipped, "no MiniLM": lambda: LexicalUnderstander(lexicon),
        "exact words": lambda: ExactWords(catalogue), "one behind": lambda: OneBehind(shipped()), "deaf": Deaf,
    }  # fmt: skip
    return {name: made[name]() for name in names}


@dataclass(frozen=True)
class SpeechFigures:
    """What one policy found out from people who speak, and from the same people with buttons."""

    data: str
    questions: str
    policy: str
    users: str
    listener: str
    dialogues: int
    buttons_sr: float
    """SR@15."""
    speech_sr: float
    ratio: float
    """Success with speech, of that with buttons."""
    ratio_ci: tuple[float, float]
    """95 %, by resampling dialogues in pairs."""
    buttons_at: float
    """Average turns, a failure counting 15."""
    speech_at: float
    messages: int
    as_meant: float
    """Share of messages of which everything that was meant was heard, and nothing else."""
    not_understood: float
    """Share of messages that were asked back for."""
    something_else: float
    median_ms: float
    """To understand a message."""
    p99_ms: float
    mistaken: tuple[str, ...]
    """Some messages that were taken for something else, or not understood."""


def success_turns(setting: Setting, policy: Policy, targets: Targets, seed: int) -> NDArray[np.int_]:
    """Turn at which each dialogue succeeded, 0 for a failure, shape (D,)."""
    return run_dialogues(setting, policy, targets, seed).history.accepted_turn.astype(np.int_)


def measure_speech(
    setting: Setting, policy: Policy, targets: Targets, buttons: NDArray[np.int_], listener: tuple[str, Understander],
    names: tuple[str, str, str, str], seed: int,
) -> SpeechFigures:  # fmt: skip
    """Hold the dialogues in words.

    :param buttons: when the same dialogues succeeded with buttons, shape (D,).
    :param names: of data, questions, policy and users.
    """
    said: list[Utterance] = []
    speaking = Speaking(setting.user_type, listener[1], said=said)
    spoken = success_turns(replace(setting, user_type=speaking), policy, targets, seed)
    bootstrap = PairedBootstrap(len(targets), np.random.default_rng(seed))
    ratio = bootstrap.estimate_ratio(spoken > 0, buttons > 0)
    outcomes, spent = [each.outcome for each in said], [1000 * each.seconds for each in said]
    shares = {outcome: outcomes.count(outcome) / len(outcomes) for outcome in Outcome}
    mistaken = [f"{each.outcome}: {each.message}" for each in said if each.outcome is not Outcome.MEANT]
    return SpeechFigures(
        *names, listener[0], len(targets), float((buttons > 0).mean()), float((spoken > 0).mean()), ratio.value,
        (ratio.low, ratio.high), float(turns_taken(buttons).mean()), float(turns_taken(spoken).mean()), len(said),
        shares[Outcome.MEANT], shares[Outcome.UNCLEAR], shares[Outcome.ELSE],
        float(np.median(spent)), float(np.quantile(spent, 0.99)), tuple(mistaken[:60]),
    )  # fmt: skip
