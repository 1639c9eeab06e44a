"""Everything that a conversation with a person is built from, out of options: for chat, replay and serving."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from threading import Thread

import numpy as np

from convrec.run_options import fit_affinity, load_dataset
from convrec.settings import Settings
from dialogs.agent import Agent, World
from dialogs.generation.speaker import Speaker
from dialogs.session import Session
from dialogs.transcripts import Header
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.paraphrase import Manners, Paraphrases
from dialogs.understanding.understander import PLAINLY, LexicalUnderstander
from graph import affinity as affinities
from graph.affinity.profiles import Histories, Profiles
from graph.affinity.signals.text import load_encoder
from graph.answers import QuestionMode
from graph.catalogue_search import find_item
from graph.dataset import Dataset
from graph.errors import DataError, OptionError
from policy import registry
from policy.tuned_rules import Conditions
from simulator.candidates import ActionSpace
from simulator.core import Rules
from simulator.protocol import Policy

GENERATORS = ("template", "neural")
"""Who words the replies."""

LIST_LENGTH = 5
"""Items a list shows a person."""


@dataclass(frozen=True)
class TalkOptions:
    """What a conversation is about, who leads it and in whose words."""

    data: str = "movies-all"
    policy: str = "unified"
    affinity: str = "hybrid"
    questions: str = "multi"
    turns: int = 15
    list_length: int = LIST_LENGTH
    generator: str = "template"
    user: int | str | None = None
    """The data set's own id of who is talked to."""
    seed: int = 0
    exclude: tuple[str, ...] = ()
    """Items not to be shown, by id or title."""
    checkpoint: Path | None = None

    def check_names(self) -> None:
        """Find out before anything is loaded that a name is not one.

        :raises OptionError: for an unknown policy, affinity or generator.
        """
        affinities.check_name(self.affinity)
        if self.policy not in registry.names():
            raise OptionError(f"--policy {self.policy}: no such policy; choose from {', '.join(registry.names())}")
        if self.generator not in GENERATORS:
            raise OptionError(f"--generator {self.generator}: no such one; choose from {', '.join(GENERATORS)}")


class Table:
    """Where people sit down to talk: what is the same for every conversation with these options."""

    def __init__(self, options: TalkOptions, paraphrases: bool = True) -> None:
        options.check_names()
        self.options = options
        self.dataset: Dataset = load_dataset(options.data)
        catalogue = self.dataset.catalogue
        rules = Rules(
            options.turns, QuestionMode[options.questions.upper()], ActionSpace(list_length=options.list_length)
        )
        conditions = Conditions(options.data, options.affinity, options.questions, options.turns)
        policy = registry.make(options.policy, conditions, options.checkpoint)
        if hasattr(policy, "with_rules"):
            policy = policy.with_rules(rules)
        self.excluded = tuple(find_item(catalogue, name) for name in options.exclude)
        eligible = np.ones(catalogue.n_items, bool)
        eligible[list(self.excluded)] = False
        self.world = World(
            catalogue, fit_affinity(options.affinity, self.dataset), policy, rules,
            eligible if self.excluded else None, self._person(), options.seed,
        )  # fmt: skip
        self._wants_paraphrases = paraphrases

    def _person(self) -> Profiles | None:
        user = self.options.user
        if user is None:
            return None
        try:
            place = self.dataset.interactions.find_user(user)
        except DataError as error:
            raise OptionError(f"--user: {error}, or leave it out") from error
        return Histories(self.dataset).of(np.array([place]))

    @cached_property
    def understander(self) -> LexicalUnderstander:
        """Understands what is typed; made when something is."""
        lexicon = Lexicon(self.dataset.catalogue)
        cache = Settings().places().cache
        if not self._wants_paraphrases:
            return LexicalUnderstander(lexicon)
        return LexicalUnderstander(lexicon, Paraphrases(self.dataset.catalogue, cache), Manners(PLAINLY, cache))

    def warm_up(self) -> None:
        """Load in the background what the first paraphrase would have to wait for."""
        if self._wants_paraphrases:
            Thread(target=load_encoder, daemon=True).start()

    @cached_property
    def speaker(self) -> Speaker:
        """Words the replies."""
        if self.options.generator == "template":
            return Speaker(self.dataset.catalogue)
        # PyTorch takes seconds to load, which templates do not need.
        from dialogs.generation.neural import load

        return Speaker(self.dataset.catalogue, load())

    def session(self, seed: int | None = None) -> Session:
        """A conversation that has not begun."""
        chosen = self.options.seed if seed is None else seed
        return Session(Agent(replace(self.world, seed=chosen)), self.understander, self.speaker, chosen)

    def header(self, seed: int | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Header:
        """What a transcript says of the conversation before its first word."""
        options = self.options
        return Header(
            started=now(), convrec=version("convrec"), data=options.data, graph=self.dataset.fingerprint,
            affinity=options.affinity, policy=options.policy, policy_hash=self.policy_hash,
            generator=self.speaker.generator.name, generator_hash=self.speaker.generator.fingerprint,
            understander=self.understander.name, questions=options.questions, turns=options.turns,
            list_length=options.list_length, seed=options.seed if seed is None else seed, user=options.user,
            excluded=self.excluded,
        )  # fmt: skip

    @cached_property
    def policy_hash(self) -> str:
        """The same for a policy that decides the same."""
        return fingerprint(self.world.policy)


def fingerprint(policy: Policy) -> str:
    """A hash of everything a policy decides by."""
    digest = hashlib.sha256(policy.name.encode())
    network = getattr(policy, "network", None)
    if network is not None:
        for name, weights in sorted(network.state_dict().items()):
            digest.update(name.encode() + weights.detach().cpu().numpy().tobytes())
        digest.update(repr((network.config, getattr(policy, "encoder", None))).encode())
    else:
        digest.update(repr(getattr(policy, "rule", "")).encode())
    return digest.hexdigest()[:16]
