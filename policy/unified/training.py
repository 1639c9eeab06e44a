"""Training of the unified policy, from the rule it starts as to the agent that is kept.

Everything is learned on one rehearsal of the data and chosen on another that asks for other pairs; the test split is in
neither.  Question modes are practised one after the other, so that one agent serves them all.

A round holds dialogues, finds out what other acts would have come to (:mod:`policy.unified.what_if`), and fits the
residual to it (:mod:`policy.unified.iteration`); the next round's dialogues are led by what was learned.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from graph.answers import QuestionMode
from graph.errors import DataError
from graph.whole_file import written_whole
from policy.bayes import BayesPolicy, GainRule
from policy.unified.agent import UnifiedPolicy
from policy.unified.checkpoint import Agent
from policy.unified.curriculum import Curriculum
from policy.unified.encoding import StateEncoder
from policy.unified.extras import Extra
from policy.unified.iteration import FitConfig, fit_to_comparisons
from policy.unified.looks import Look
from policy.unified.network import NetworkConfig, UnifiedNetwork
from policy.unified.practice import PRACTICE_SEED, Practice, RuleThatDoubts, held, learn_trust
from policy.unified.reinforcement import Learner, Reinforcement, reinforce
from policy.unified.side_by_side import processors, side_by_side
from policy.unified.trust import HONEST, AnswerRates
from policy.unified.unicorn import UnicornNetwork
from policy.unified.what_if import Comparisons, compare_acts
from simulator.core import Rules
from simulator.protocol import Policy
from simulator.rewards import Rewards
from simulator.runs import draw_targets
from simulator.users import UserType, parse_users

PRACTICE_REWARDS = Rewards(rejected=-0.02, turn=-0.05)
"""What a step is worth while practising: a turn costs more and a refused list less than in the tables, so that what is
learned saves turns, too."""


class Fake(StrEnum):
    """What is done instead of learning, to see that learning is what helps."""

    NONE = "none"
    UNTRAINED = "untrained"
    """Nothing."""
    RANDOM_WEIGHTS = "random weights"
    """A residual of the usual size that nobody has fitted."""
    SHUFFLED_REWARD = "shuffled reward"
    """Fitted to what acts came to at other decisions."""


HALVES = 2
"""Parts of the dialogues of a question mode, which processors share."""

UNLEARNED = Fake.UNTRAINED, Fake.RANDOM_WEIGHTS

RANDOM_RESIDUAL = 0.1
"""Standard deviation of the residual's weights where they are random: values then differ by about what is learned."""


@dataclass(frozen=True)
class TrainingConfig:
    """How the policy is trained; the defaults take a quarter of an hour on two cores."""

    users: str = "mixture"
    easy: tuple[float, ...] = (0.3,)
    """Share of classic people beyond those among ``users``, round by round; the last one holds for the rest."""
    rounds: int = 2
    dialogues: int = 10_000
    """Dialogues of a round, for all question modes together."""
    remembered_rounds: int = 2
    """Rounds whose comparisons are learned from: the latest."""
    rewards: Rewards = PRACTICE_REWARDS
    network: NetworkConfig = field(default_factory=NetworkConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    doubts: tuple[float, ...] = (0.01, 0.003, 0.001, 0.0)
    """Chances beforehand that somebody errs, to choose from on valid: people who do are found out soon, and those who
    do not are better served by much less doubt than there is reason for."""
    strengths: tuple[float, ...] = (1.0, 0.4)
    """What the learned rates of those who err are multiplied with, to choose from on valid."""
    hears_no: bool = True
    """False to take a "no" as no evidence, as the published policies do."""
    rate_dialogues: int = 3000
    """Dialogues from which answers are learned, twice, for all question modes together."""
    prudence: tuple[float, ...] = (0.0, 0.01, 0.02, 0.04, 0.08)
    """Values of :attr:`policy.unified.network.NetworkConfig.prudence` to choose from on valid."""
    valid_dialogues: int = 1_875
    """Dialogues of each question mode and population that an agent is chosen by."""
    learner: Learner = Learner.COMPARISONS
    decisions: int = 60_000
    """Decisions from which DQN and PPO learn."""
    fake: Fake = Fake.NONE
    extras: tuple[str, ...] = ()
    """What else the network is told of each slot: see :mod:`policy.unified.extras`."""
    seed: int = 0
    device: str = "cpu"
    """Where the network learns and acts."""

    @property
    def practises(self) -> bool:
        """Whether acts are compared, round by round."""
        return self.learner is Learner.COMPARISONS and self.fake not in UNLEARNED


@dataclass(frozen=True)
class Onlooker:
    """Told of what happens while training; does nothing unless it is made to."""

    looked: Callable[[Look], None] = lambda look: None
    """At every look at valid."""
    ended: Callable[[NDArray[np.int16]], None] = lambda turns: None
    """Dialogues have ended: the turn of each success, 0 for none."""
    fitted: Callable[[int, list[float]], None] = lambda number, losses: None
    """The network was fitted in this round: loss of each epoch."""
    improved: Callable[[Agent], None] = lambda agent: None
    """This agent is the best so far."""


class Training:
    """One training from beginning to end.

    :param practice: to practise on; ``valid``: to choose on.
    :param rules: the tuned gain rule of each question mode that is practised.
    :param diary: folder in which the comparisons of each round are kept, so that the same training goes on from there
        when it was broken off; None for none.
    :param first_round: file of the comparisons of the first round, in which nothing but the rule has a say: kept there
        by the first of several trainings with the same :func:`first_practice`, and found there by the others; beside it
        how much doubt was chosen.
    :param extras: those that the configuration names.
    """

    def __init__(
        self,
        practice: Practice,
        valid: Practice,
        rules: Mapping[QuestionMode, GainRule],
        config: TrainingConfig | None = None,
        onlooker: Onlooker | None = None,
        diary: Path | None = None,
        first_round: Path | None = None,
        extras: Sequence[Extra] = (),
    ) -> None:
        self.config = config or TrainingConfig()
        self.practice, self.valid, self.modes = practice.remembered(), valid.remembered(), tuple(rules)
        self.encoder = StateEncoder(tuple(rules.items()), extras=tuple(extras))
        self.looks: list[Look] = []
        self.chosen: list[Look] = []
        """The best of each round."""
        self._onlooker, self._diary, self._first_round = onlooker or Onlooker(), diary, first_round
        torch.manual_seed(self.config.seed)
        shape = replace(self.config.network, extra=self.encoder.n_extra)
        self.network: UnifiedNetwork | UnicornNetwork = UnifiedNetwork(shape).to(self.config.device)
        self._kept: list[Comparisons] = []
        self._beside: dict[int, dict[str, dict[str, float]]] = {}
        self.rates: AnswerRates = HONEST
        self.doubt, self.strength = 0.0, 1.0

    def run(self) -> Agent:
        """Practise round by round, and hand out the agent that did best on valid."""
        config = self.config
        began, away = time.perf_counter(), 0.0
        self.rates = self._doubt()
        best: tuple[float, Agent] | None = None
        for number in range(config.rounds if config.practises else 1):
            self._learn(number)
            looking = time.perf_counter()
            look = self._choose(number, looking - began - away)
            away += time.perf_counter() - looking
            self.chosen.append(look)
            if best is None or look.score > best[0]:
                best = look.score, self._agent(look)
                self._onlooker.improved(best[1])
        assert best is not None
        return best[1]

    def _learn(self, number: int) -> None:
        """One round."""
        config, dataset = self.config, self.practice.dataset
        network = self.network
        if config.fake is Fake.RANDOM_WEIGHTS and isinstance(network, UnifiedNetwork):
            torch.nn.init.normal_(network.residual.weight, std=RANDOM_RESIDUAL)
        elif config.practises and isinstance(network, UnifiedNetwork):
            self._kept = [*self._kept, self._compare(number)][-config.remembered_rounds :]
            found = Comparisons.join(self._kept)
            losses = fit_to_comparisons(network, dataset.catalogue, found, config.fit, config.seed + number)
            self._onlooker.fitted(number, losses)
        elif config.fake is Fake.NONE:
            task = Reinforcement(
                config.learner, config.network, config.decisions, config.rewards, config.seed, config.device
            )
            setting = self.practice.setting(self._users(number), Rules())
            self.network = reinforce(task, setting, dict(self.encoder.rules_of_mode), self.rates, self._onlooker.ended)

    def _users(self, number: int) -> UserType:
        """Who is practised with in a round."""
        easy = self.config.easy[min(number, len(self.config.easy) - 1)]
        return Curriculum(parse_users(self.config.users), 1.0 - easy)

    def _doubt(self) -> AnswerRates:
        """The answer model to go on with: how much doubt serves everybody is seen from the gain rule on valid."""
        config = self.config
        learned = learn_trust(self.practice, self.encoder, self.modes, config.users, config.rate_dialogues, config.seed)
        self.doubt, self.strength = self._chosen_doubt(learned)
        return replace(learned.scaled(self.strength), doubt=self.doubt, hears_no=config.hears_no)

    def _chosen_doubt(self, learned: AnswerRates) -> tuple[float, float]:
        """See :func:`choose_doubt`; or what was chosen before the training was broken off."""
        path = None if self._diary is None else self._diary / "doubt.json"
        if self._first_round is not None:
            path = self._first_round.with_suffix(".json")
        found = None if path is None else _remembered_doubt(path, self.config)
        if found is None:
            found = choose_doubt(self.config, partial(self._score_of_doubt, learned))
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                with written_whole(path) as unfinished:
                    unfinished.write_text(json.dumps(found), encoding="utf-8")
        return found

    def _score_of_doubt(self, learned: AnswerRates, choice: tuple[float, float], count: int) -> float:
        """What the gain rule gains on valid with a doubt, and a strength of the learned rates."""
        doubt, strength = choice
        rates = replace(learned.scaled(strength), doubt=doubt)

        def make(rules: Rules) -> Policy:
            return RuleThatDoubts(self.encoder.rule(rules.questions), rates)

        return Look(-1, 0.0, 0.0, self._figures(make, count), self._of_rule(count)).score

    def _compare(self, number: int) -> Comparisons:
        """One round of dialogues, or what it came to before the training was broken off."""
        path = None if self._diary is None else self._diary / f"round-{number}.safetensors"
        if number == 0 and self._first_round is not None:
            path = self._first_round
        found = None if path is None else _remembered(path)
        if found is None:
            found = self._practise(number)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                found.save(path)
        if self.config.fake is Fake.SHUFFLED_REWARD:
            there = found.slots >= 0
            found.returns[there] = np.random.default_rng(self.config.seed).permutation(found.returns[there])
        return found

    def _practise(self, number: int) -> Comparisons:
        parts = [partial(self._practise_part, number, mode, half) for mode in self.modes for half in range(HALVES)]
        return Comparisons.join(side_by_side(parts, self._onlooker.ended, self._workers))

    def _practise_part(
        self, number: int, mode: QuestionMode, half: int, told: Callable[[NDArray[np.int16]], None]
    ) -> Comparisons:
        config, share = self.config, max(1, self.config.dialogues // len(self.modes))
        rules = Rules(questions=mode, rewards=config.rewards)
        policy: Policy = UnifiedPolicy(self.network, self.encoder, self.rates, rules)
        if number == 0:
            policy = RuleThatDoubts(self.encoder.rule(mode), self.rates)
        seed = ((config.seed * 100 + number) * 10 + int(mode) + PRACTICE_SEED) * HALVES + half
        targets = draw_targets(self.practice.dataset, max(1, share // HALVES), seed)
        setting = self.practice.setting(self._users(number), rules)
        return compare_acts(setting, policy, self.encoder, targets, seed, advance=told)

    @property
    def _workers(self) -> int:
        return 1 if self.config.device != "cpu" else processors()

    def _choose(self, number: int, seconds: float) -> Look:
        """The best prudence on valid for the network as it is now."""
        count, survivors = self.config.valid_dialogues, self.config.prudence
        # As in tuning the rule: all are seen briefly, the better ones for longer.
        for dialogues, going_on in ((count // 4, 2), (count, 1)):
            looks = [self._look_at(number, seconds, prudence, dialogues) for prudence in survivors]
            looks.sort(key=lambda look: -look.score)
            survivors = tuple(look.prudence for look in looks[:going_on])
        self.looks.extend(looks)
        return looks[0]

    def _look_at(self, number: int, seconds: float, prudence: float, dialogues: int) -> Look:
        policy = UnifiedPolicy(_prudent(self.network, prudence), self.encoder, self.rates, Rules())
        look = Look(number, seconds, prudence, self._figures(policy.with_rules, dialogues), self._of_rule(dialogues))
        self._onlooker.looked(look)
        return look

    def _of_rule(self, dialogues: int) -> dict[str, dict[str, float]]:
        """What the gain rule reaches on valid."""
        if dialogues not in self._beside:
            self._beside[dialogues] = self._figures(
                lambda rules: BayesPolicy(self.encoder.rule(rules.questions)), dialogues
            )
        return self._beside[dialogues]

    def _figures(self, make: Callable[[Rules], Policy], dialogues: int) -> dict[str, dict[str, float]]:
        """What a policy reaches on valid, by population and mode."""
        populations = dict.fromkeys((self.config.users, "classic"))
        parts = {
            f"{users}, {mode.name.lower()}": partial(self._figures_of, users, Rules(questions=mode), make, dialogues)
            for users in populations
            for mode in self.modes
        }
        return dict(zip(parts, side_by_side(list(parts.values()), lambda said: None, self._workers), strict=True))

    def _figures_of(
        self, users: str, rules: Rules, make: Callable[[Rules], Policy], dialogues: int, told: Callable[[Any], None]
    ) -> dict[str, float]:
        return held(self.valid.setting(parse_users(users), rules), make(rules), dialogues)

    def _agent(self, look: Look) -> Agent:
        network = _prudent(self.network, look.prudence)
        settings = {
            "training": asdict(self.config), "valid": dict(look.figures), "valid_of_rule": dict(look.beside),
            "practised_seconds": round(look.seconds), "doubt": self.doubt, "strength": self.strength,
        }  # fmt: skip
        return Agent(network, self.encoder, self.rates, provenance=settings)


def choose_doubt(config: TrainingConfig, score: Callable[[tuple[float, float], int], float]) -> tuple[float, float]:
    """The doubt that serves everybody best, and the strength of the learned rates with it.

    :param score: told a choice of the two and a number of dialogues, says what the gain rule gains by it on valid.
    """
    choices = [(doubt, strength) for doubt in config.doubts for strength in config.strengths if doubt]
    scores: dict[tuple[float, float], float] = {}
    # As in tuning the rule: all are seen briefly, the better ones for longer.
    for count, going_on in ((config.valid_dialogues // 2, 2), (config.valid_dialogues, 1)):
        scores = {choice: score(choice, count) for choice in choices}
        choices = sorted(scores, key=lambda choice: -scores[choice])[:going_on]
    if 0.0 in config.doubts and max(scores.values(), default=0.0) <= 0.0:
        return 0.0, 1.0  # who doubts nothing does what the rule does: the score is zero
    return choices[0]


def first_practice(config: TrainingConfig) -> dict[str, Any]:
    """What the comparisons of the first round depend on, beside the data, its affinity and the rules.

    Networks differ in nothing here: the first round is led by the rule, and what is fitted to it comes later.
    """
    network = "network", "fit", "prudence", "fake", "rounds", "remembered_rounds", "learner", "decisions", "device"
    return {name: value for name, value in asdict(config).items() if name not in network}


def _remembered(path: Path) -> Comparisons | None:
    """What was kept in a file; None where there is none, or a damaged one, which goes."""
    if not path.exists():
        return None
    try:
        return Comparisons.load(path)
    except DataError:
        path.unlink()
        return None


def _remembered_doubt(path: Path, config: TrainingConfig) -> tuple[float, float] | None:
    """The choice that was kept in a file; None where there is none that could have been made."""
    try:
        doubt, strength = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, TypeError, ValueError):
        return None
    possible = doubt in config.doubts and strength in (*config.strengths, 1.0)
    return (doubt, strength) if possible else None


def _prudent(network: UnifiedNetwork | UnicornNetwork, prudence: float) -> UnifiedNetwork | UnicornNetwork:
    """The same network, more or less prudent, as a copy; one without a rule to hold on to as it is."""
    if isinstance(network, UnicornNetwork):
        return network
    copy = UnifiedNetwork(replace(network.config, prudence=prudence))
    copy.load_state_dict(network.state_dict())
    copy.eval()
    return copy.to(network.value.weight.device)


def dialogues_needed(config: TrainingConfig, modes: Sequence[Any]) -> int | None:
    """Dialogues that ``advance`` is told of in one training; None where nobody knows."""
    if not config.practises:
        return None
    share = max(1, config.dialogues // len(modes))
    return config.rounds * max(1, share // HALVES) * HALVES * len(modes)
