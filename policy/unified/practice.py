"""What training practises on, the rule that leads its first dialogues, and how far answers can be trusted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graph.affinity import Affinity
from graph.affinity.remembered import Remembered
from graph.answers import AnswerModel, QuestionMode
from graph.catalogue import Catalogue
from graph.dataset import Dataset
from policy.bayes import BayesPolicy, GainRule
from policy.patience import patient
from policy.unified.encoding import StateEncoder, rule_values
from policy.unified.trust import HONEST, AnswerCounts, AnswerRates, Heard, learn_rates, who_errs
from simulator.core import Rules
from simulator.metrics import hdcg, success_rate_at, turns_taken
from simulator.protocol import Decision, Policy, State
from simulator.runs import Setting, draw_targets, run_dialogues
from simulator.users import UserType, parse_users

PRACTICE_SEED = 7_000_000
"""Seeds of practice begin here, far from those of any evaluation."""


@dataclass(frozen=True)
class Practice:
    """A rehearsal and an affinity fitted to it."""

    dataset: Dataset
    affinity: Affinity
    tastes: Callable[[NDArray[np.int32]], NDArray[np.float32]] | None = None
    """See :attr:`simulator.runs.Setting.tastes`."""

    def remembered(self) -> "Practice":
        """The same with every user's affinities at hand."""
        affinity = Remembered(self.affinity, self.dataset.interactions.n_users)
        affinity.fill()
        return replace(self, affinity=affinity)

    def setting(self, users: UserType, rules: Rules) -> Setting:
        """Dialogues with these users, by these rules."""
        return Setting(self.dataset, self.affinity, users, rules, tastes=self.tastes)


class RuleThatDoubts(BayesPolicy):
    """The gain rule on an answer model that was learned."""

    def __init__(self, rule: GainRule, rates: AnswerRates) -> None:
        super().__init__(rule)
        self._rates = rates

    def answer_model(self, catalogue: Catalogue) -> AnswerModel:
        """The learned one."""
        return self._rates.model(catalogue)

    def choose(self, state: State) -> Decision:
        """What an untrained network would; see :class:`simulator.protocol.Policy`."""
        values = rule_values(state, self.rule)
        return Decision(np.where(state.candidates.mask, values, -np.inf).argmax(axis=1))


def learn_trust(
    practice: Practice, encoder: StateEncoder, modes: Sequence[QuestionMode], users: str, dialogues: int, seed: int
) -> AnswerRates:
    """How far answers can be trusted, from dialogues of the gain rule of which it came out what they were about.

    Two rounds: the first takes people for honest and finds who is not; the second asks as one does who knows.

    :param users: who is talked to; ``dialogues``: how many, twice, for all question modes together.
    """
    rates = HONEST
    for round_number in range(2):
        parts = []
        for mode in modes:
            rule = RuleThatDoubts(encoder.rule(mode), replace(rates, doubt=SOME_DOUBT if round_number else 0.0))
            setting = practice.setting(parse_users(users), Rules(questions=mode))
            lot = (seed * 100 + 50 + round_number) * 10 + int(mode) + PRACTICE_SEED
            targets = draw_targets(practice.dataset, dialogues // len(modes), lot)
            history = run_dialogues(setting, patient(rule), targets, lot).history
            parts.append(Heard.of(practice.dataset.catalogue, history, targets.items))
        heard = Heard.join(parts)
        catalogue, (chance, _) = practice.dataset.catalogue, who_errs(heard)
        everybody = AnswerCounts.of(catalogue, heard)
        rates = learn_rates(catalogue, AnswerCounts.of(catalogue, heard, chance), everybody)
    return rates


SOME_DOUBT = 0.03
"""Chance that somebody errs, while the rates of those who do are learned anew."""


def held(setting: Setting, policy: Policy, count: int, seed: int = 0) -> dict[str, float]:
    """What a policy reaches in ``count`` dialogues."""
    done = run_dialogues(setting, policy, draw_targets(setting.dataset, count, seed), seed)
    turn, rank = done.history.accepted_turn, done.history.accepted_rank
    return {
        "sr": success_rate_at(turn, setting.rules.turns),
        "at": float(turns_taken(turn).mean()),
        "hdcg": float(np.mean(hdcg(turn, rank))),
        "reward": float(done.tally.reward.mean()),
        "interruptions": float(done.tally.interruptions.mean()),
    }
