"""Everything that a conversation with a person is built from, out of options: for chat, replay and serving."""

import hashlib
import sys
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from convrec.run_options import fit_affinity, load_dataset
from convrec.settings import Settings
from convrec.tastes_of_users import load_tastes, looks_at_tastes
from dialogs.agent import Agent, World, for_people
from dialogs.generation import registry as generators
from dialogs.generation.speaker import Speaker
from dialogs.session import Session
from dialogs.transcripts import Header
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.paraphrase import Manners, Paraphrases
from dialogs.understanding.plain import PLAINLY
from dialogs.understanding.understander import LexicalUnderstander
from graph import affinity as affinities
from graph.affinity.personas.tastes import Tastes
from graph.affinity.profiles import Histories, Profiles
from graph.affinity.signals.personas import PersonaScores
from graph.affinity.signals.text import load_encoder
from graph.answers import QuestionMode
from graph.catalogue_search import find_item
from graph.dataset import Dataset
from graph.errors import DataError, OptionError
from policy import registry
from policy.tuned_rules import RunConditions
from simulator.candidates import ActionSpace
from simulator.core import Rules
from simulator.protocol import Policy

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
    excluded: tuple[int, ...] = ()
    """Items not to be shown, by place."""

    @classmethod
    def of(cls, header: Header) -> "TalkOptions":
        """The options of a dialogue that was kept."""
        checkpoint = None if header.checkpoint is None else Path(header.checkpoint)
        return cls(
            header.data, header.policy, header.affinity, header.questions, header.turns, header.list_length,
            header.generator, header.user, header.seed, (), checkpoint, header.excluded,
        )  # fmt: skip

    @property
    def of_table(self) -> "TalkOptions":
        """What is the same for everybody at a table, whoever sits down."""
        return replace(self, user=None, seed=0, exclude=(), excluded=())

    def check_names(self) -> None:
        """Find out before anything is loaded that a name is not one.

        :raises OptionError: for an unknown policy, affinity or generator, or one whose weights are not here.
        """
        affinities.check_name(self.affinity)
        if self.policy not in registry.names():
            raise OptionError(f"--policy {self.policy}: no such policy; choose from {', '.join(registry.names())}")
        if self.generator not in generators.names():
            raise OptionError(f"--generator {self.generator}: no such one; choose from {', '.join(generators.names())}")
        if lacks := generators.lacks(self.generator, Settings().places().cache):
            raise OptionError(f"--generator {self.generator}: {lacks}")


class Table:
    """Where people sit down to talk: what is the same for every conversation with these options."""

    def __init__(self, options: TalkOptions, paraphrases: bool = True, dataset: Dataset | None = None) -> None:
        options.check_names()
        self.options = options
        self._tastes_of_users: Tastes | None = None
        self.dataset = load_dataset(options.data) if dataset is None else dataset
        catalogue = self.dataset.catalogue
        rules = Rules(
            options.turns, QuestionMode[options.questions.upper()], ActionSpace(list_length=options.list_length)
        )
        before = tuple(each.name for each in self.dataset.grown_from)
        conditions = RunConditions(
            options.data, options.affinity, options.questions, options.turns, grown_from=before
        )  # fmt: skip
        policy = registry.make(options.policy, conditions, options.checkpoint)
        if hasattr(policy, "with_rules"):
            policy = policy.with_rules(rules)
        self.excluded = self._excluded()
        self.world = World(
            catalogue, fit_affinity(options.affinity, self.dataset, quietly=True), policy, rules,
            self._eligible(), self._person(), options.seed, for_people(policy, catalogue),
            policy_sees_tastes=looks_at_tastes([policy]),
        )  # fmt: skip
        self.world = replace(self.world, tastes=self._tastes())
        self._wants_paraphrases = paraphrases
        if "torch" in sys.modules:
            # One person at a time is too little for several threads: they wait for each other, up to ten times as
            # long, and add in another order.
            sys.modules["torch"].set_num_threads(1)

    def seat(self, options: TalkOptions) -> "Table":
        """The same table for somebody else: nothing is loaded, learned or read anew.

        :param options: those of the table but for who is talked to, the seed and the items that are left out.
        """
        assert options.of_table == self.options.of_table
        for made_once in ("understander", "speaker", "policy_hash"):
            getattr(self, made_once)
        seated = copy(self)
        seated.options = options
        seated.excluded = seated._excluded()
        seated.world = replace(self.world, eligible=seated._eligible(), profile=seated._person(), seed=options.seed)
        seated.world = replace(seated.world, tastes=seated._tastes())
        return seated

    def _tastes(self) -> Tastes | None:
        """What tells tastes apart: of users of the data, and of everybody where the affinity knows it anyway."""
        signal = getattr(self.world.affinity, "signal", None)
        if isinstance(signal, PersonaScores):
            return Tastes(self.dataset, signal.encoder)
        if self.options.user is None and not self.world.policy_sees_tastes:
            return None
        if self._tastes_of_users is None:
            with suppress(OptionError):  # where nobody liked anything
                self._tastes_of_users = load_tastes(self.dataset, quietly=True)
        return self._tastes_of_users

    def _excluded(self) -> tuple[int, ...]:
        named = (find_item(self.dataset.catalogue, name) for name in self.options.exclude)
        return (*self.options.excluded, *named)

    def _eligible(self) -> NDArray[np.bool_] | None:
        if not self.excluded:
            return None
        eligible = np.ones(self.dataset.catalogue.n_items, bool)
        eligible[list(self.excluded)] = False
        return eligible

    def _person(self) -> Profiles | None:
        user = self.options.user
        if user is None:
            return None
        try:
            place = self.dataset.interactions.find_user(user)
        except DataError as error:
            raise OptionError(f"--user: {error}; without --user you are somebody unknown") from error
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
        return Speaker(self.dataset.catalogue, generators.make(self.options.generator, Settings().places().cache))

    def session(self, seed: int | None = None) -> Session:
        """A conversation that has not begun."""
        chosen = self.options.seed if seed is None else seed
        return Session(Agent(replace(self.world, seed=chosen)), self.understander, self.speaker, chosen)

    def header(self, seed: int | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Header:
        """What a transcript says of the conversation before its first word."""
        options = self.options
        return Header(
            started=now(), convrec=version("convrec"), data=options.data, graph=self.dataset.fingerprint,
            affinity=options.affinity, affinity_hash=self.affinity_hash,
            policy=options.policy, policy_hash=self.policy_hash,
            checkpoint=None if options.checkpoint is None else str(options.checkpoint.absolute()),
            generator=self.speaker.generator.name, generator_hash=self.speaker.generator.fingerprint,
            understander=self.understander.name, questions=options.questions, turns=options.turns,
            list_length=options.list_length, seed=options.seed if seed is None else seed, user=options.user,
            excluded=self.excluded,
        )  # fmt: skip

    @property
    def affinity_hash(self) -> str:
        """The same for an affinity that knows the same of who is talked to."""
        prior = self.world.affinity.scores_of(self.world.person)
        return hashlib.sha256(prior.tobytes()).hexdigest()[:16]

    @cached_property
    def policy_hash(self) -> str:
        """The same for a policy that decides the same."""
        return fingerprint(self.world.policy)


def fingerprint(policy: Policy) -> str:
    """A hash of everything a policy decides by, the policies that it wraps included."""
    digest = hashlib.sha256(policy.name.encode())
    network, rates = getattr(policy, "network", None), getattr(policy, "rates", None)
    if network is not None:
        for name, weights in sorted(network.state_dict().items()):
            digest.update(name.encode() + weights.detach().cpu().numpy().tobytes())
        digest.update(repr((network.config, getattr(policy, "encoder", None))).encode())
    if rates is not None:
        table = rates.of_attribute
        digest.update(repr(replace(rates, of_attribute=None)).encode() + (b"" if table is None else table.tobytes()))
    digest.update(repr(getattr(policy, "rule", "")).encode())
    for inner in (getattr(policy, "speaker", None), getattr(policy, "base", None)):
        if inner is not None:
            digest.update(fingerprint(inner).encode())
    return digest.hexdigest()[:16]
