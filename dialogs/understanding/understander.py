"""Understands messages by names, other names, misspellings and likeness of meaning; every act with a confidence.

A message is cut into clauses.  What a whole clause says (yes, never mind, why?) is looked for first, then names; names
are turned around where the clause says no.  What is left and looks like content is taken for a misspelling, or else
for a paraphrase.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dialogs.acts import (
    Affirm,
    Ask,
    AskWhy,
    Critique,
    Defer,
    Deny,
    Dislike,
    Fragment,
    Greet,
    Inform,
    Leave,
    Like,
    Nothing,
    Recommend,
    Restart,
    Seen,
    Unclear,
    Undo,
    UserAct,
)
from dialogs.understanding import words as said
from dialogs.understanding.lexicon import Lexicon
from dialogs.understanding.naming import Namer, verdict_of
from dialogs.understanding.on_show import about_list, comparison, critique_of, pointed_at
from dialogs.understanding.options import misspelt, numbered
from dialogs.understanding.paraphrase import Manners, Paraphrases
from dialogs.understanding.places import place_of
from dialogs.understanding.plain import is_known, names_nothing, negates, plain_act, plain_kind
from dialogs.understanding.protocol import TYPED, Context
from dialogs.understanding.text import Word, fold, is_unfinished, words_of
from dialogs.understanding.titles import with_places
from graph.file_hashes import hash_of_source

LEAST_SURE = 0.6
"""Confidence below which a name that was found gives way to a plain answer."""

MOST_GUESSED, MOST_WORDS = 2, 16
"""Clauses of a message that are guessed at where they name nothing, and words of one that may be a plain answer: a
guess takes some ten milliseconds."""

MOST_ACTS = 16
"""Acts that are taken from one message; nobody says more at once, but a paste may."""

OUTWEIGHS = 0.05
"""By how much surer the first of two opposite answers has to be than the second to count: a name, against a guess."""


@dataclass(frozen=True)
class _Clause:
    """Part of a message that is understood by itself."""

    words: tuple[Word, ...]

    @property
    def tokens(self) -> list[str]:
        return [word.folded for word in self.words]

    @property
    def text(self) -> str:
        return " ".join(self.tokens)


@dataclass
class Guesses:
    """How many clauses of a message may still be guessed at."""

    left: int

    def take(self) -> bool:
        """Whether this one may be."""
        self.left -= 1
        return self.left >= 0


class LexicalUnderstander:
    """See :class:`dialogs.understanding.protocol.Understander`.

    :param paraphrases: finds attributes by likeness of meaning; None to do without.
    :param manners: the same for plain answers, :data:`PLAINLY`; None to do without.
    """

    name = f"lexical {hash_of_source(Path(__file__).parent)}"
    """With a hash of all that understanding depends on, so that a kept dialogue says what it was understood by."""

    def __init__(
        self, lexicon: Lexicon, paraphrases: Paraphrases | None = None, manners: Manners | None = None
    ) -> None:
        self.lexicon, self._manners = lexicon, manners
        self._catalogue = lexicon.catalogue
        self._namer = Namer(lexicon, paraphrases)

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        """Every act of a message, in order."""
        if not message.strip():
            return (Nothing(),)
        words = with_places(
            self.lexicon.joined(words_of(message)), [fold(self._catalogue.titles[item]) for item in context.shown]
        )
        whole = " ".join(word.folded for word in words)
        if context.clarify is not None and context.clarify.meanings:
            meant = self._meant(whole.split(), context.clarify.meanings)
            if meant:
                return meant
        unfinished = is_unfinished(message)
        acts: list[UserAct] = list(self._whole(whole, context) or ())
        if not acts:
            acts = [act for act in self._parts(words, context, unfinished) if act is not None]
        acts = list(_without_repeats(_one_critique(acts, context)))
        if unfinished and not any(isinstance(act, Defer) for act in acts):
            acts = [*(act for act in acts if not isinstance(act, Unclear)), Fragment()]
        return tuple(acts[:MOST_ACTS]) or (Unclear(),)

    def _meant(self, tokens: Sequence[str], meanings: Sequence[Inform | Like]) -> tuple[UserAct, ...]:
        """Which of several things that were asked back is meant: by number, by facet, by year."""
        chosen = []
        for place, meaning in enumerate(meanings, start=1):
            ordinals = (word for word, number in said.ORDINALS.items() if number == place and word != "one")
            names = {str(place), *ordinals}
            if isinstance(meaning, Inform):
                facet = self._catalogue.facets[self._catalogue.attribute_facet[meaning.attribute]].name
                names |= {*fold(facet).split(), *said.CUES.get(facet, ())} - said.FILLERS
            else:
                names |= {str(int(self._catalogue.years[meaning.item]))}
            if names & set(tokens) or tokens == ["both"]:
                chosen.append(meaning)
        if tokens and tokens[0] in ("yes", "yeah", "yep") and not chosen:
            chosen = list(meanings[:1])
        return tuple(chosen)

    def _whole(self, text: str, context: Context) -> tuple[UserAct, ...] | None:
        """Acts of messages that say one thing and name nothing."""
        # "Undo that", "ok bye": what else is said says nothing.
        bare = text if negates(text.split()) else " ".join(each for each in text.split() if not _says_nothing(each))
        for phrases, act in ((said.UNDO, Undo()), (said.RESTART, Restart()), (said.LEAVE, Leave())):
            if (
                text in phrases
                or bare in phrases
                or any(text.startswith(f"{each} ") for each in phrases if " " in each)
            ):
                return (act,)
        if text in said.PUZZLED:
            return (Unclear(),)
        if text in said.GREET:
            return (Greet(),)
        if text in said.DEFER or text.startswith(("let me think", "give me a", "hold on", "hang on")):
            return (Defer(),)
        if text not in said.YES and (text.split(" ", 1)[0] == "why" or text in said.WHY):
            return (AskWhy(item=next(iter(pointed_at(text.split(), context)), None)),)
        return None

    def _parts(self, words: Sequence[Word], context: Context, unfinished: bool) -> Iterator[UserAct | None]:
        alone = isinstance(context.on_table, Recommend) and len(context.shown) == 1
        last: int | None = context.shown[0] if alone else None
        seen_before, guesses = False, Guesses(MOST_GUESSED)
        for clause in _clauses(words):
            tokens = clause.tokens
            verdict = verdict_of(tokens)
            if verdict is not None and last is not None and names_nothing(tokens):
                yield verdict(item=last, confidence=TYPED)
                continue
            if seen_before and verdict is None and _only_points([token for token in tokens if token != "not"]):
                continue  # "seen the first, but not the second"
            compared = comparison(tokens) if last is not None and last not in context.shown else None
            if compared is not None and last is not None:
                yield critique_of(self._catalogue, last, *compared)
            for act in self._clause(clause, context, guesses):
                item = getattr(act, "item", None)
                last = last if item is None else item
                yield act
            seen_before = verdict is Seen
        if not words:
            yield Fragment() if unfinished else Unclear()

    def _clause(self, clause: _Clause, context: Context, guesses: "Guesses") -> Iterator[UserAct | None]:
        plain = self._plain(clause.text, context)
        if plain is not None:
            yield plain
            return
        yield from self._leading(clause, context)
        tokens = clause.tokens
        acts = list(about_list(tokens, context, self._catalogue)) if context.shown else []
        acts = acts or list(numbered(tokens, context)) or list(misspelt(clause.text, context, self._catalogue))
        if acts:
            yield from acts
            return
        guess = guesses.take()
        acts = list(self._namer.named(clause.words, context, guess))
        if (
            guess
            and len(tokens) <= MOST_WORDS
            and not any(
                isinstance(act, Inform | Like | Dislike | Seen) and act.confidence >= LEAST_SURE for act in acts
            )
        ):
            politely = self._politely(clause.text, context)
            if politely is not None:
                acts = [politely]
        yield from acts

    def _plain(self, text: str, context: Context) -> UserAct | None:
        """What a clause says that is nothing but yes, no, or something of the kind."""
        kind = plain_kind(text)
        return None if kind is None else plain_act(kind, TYPED, context)

    def _politely(self, text: str, context: Context) -> UserAct | None:
        """The same in words that nobody has listed."""
        tokens = text.split()
        said_in_words = any(is_known(token) for token in tokens) or (len(tokens) == 1 and text.isalpha())
        found = self._manners.nearest(text) if self._manners is not None and said_in_words else None
        if found is None or (context.on_table is None and found[0] not in ("dont-care", "dont-know")):
            return None
        return plain_act(*found, context)

    def _leading(self, clause: _Clause, context: Context) -> Iterator[UserAct]:
        """A yes or a no before something else: "no, a comedy" comes as two clauses, "no a comedy" as one."""
        first = clause.words[0].folded if clause.words else ""
        asked = context.on_table
        if isinstance(asked, Ask) and len(asked.options) == 1 and len(clause.words) > 1:
            if first in ("yes", "yeah", "yep", "sure"):
                yield Affirm(confidence=TYPED)
            elif first in ("no", "nope", "nah"):
                yield Deny(confidence=TYPED)


def _says_nothing(token: str) -> bool:
    """Whether a word beside a command adds nothing to it."""
    return token in said.FILLERS and token not in said.LEAVE


def _one_critique(acts: Sequence[UserAct], context: Context) -> list[UserAct]:
    """Make one wish of "like the third, but older"."""
    liked = [act.item for act in acts if isinstance(act, Like)]
    if not liked or not any(isinstance(act, Critique) for act in acts):
        return list(acts)
    kept: list[UserAct] = []
    for act in acts:
        if isinstance(act, Critique):
            kept.append(act.model_copy(update={"item": liked[-1]}) if liked[-1] in context.shown else act)
        elif not (isinstance(act, Like) and act.item == liked[-1] and act.item in context.shown):
            kept.append(act)
    return kept


def _clauses(words: Sequence[Word]) -> Iterator[_Clause]:
    """The clauses of a message; "seen 1, 3 and 4" is one, for what only points at places goes with what did before."""
    found: list[list[Word]] = []
    for number in dict.fromkeys(word.clause for word in words):
        own = [word for word in words if word.clause == number]
        if found and _only_points([word.folded for word in own]) and any(place_of(word.folded) for word in found[-1]):
            found[-1] += own
        else:
            found.append(own)
    return (_Clause(tuple(own)) for own in found)


def _only_points(tokens: Sequence[str]) -> bool:
    """Whether a clause names places of a list and nothing else."""
    points = not negates(tokens) and any(place_of(token) for token in tokens)
    return points and all(place_of(token) or token in said.FILLERS or token in ("last", "either") for token in tokens)


def _without_repeats(acts: Iterable[UserAct]) -> Iterator[UserAct]:
    """Acts once each, and what is unclear only alone; of two opposite answers to one question the later one counts.

    Unless it is a guess and the earlier one a name: "no horror, but something scary is fine" is no wish for horror.
    """
    kept = list(dict.fromkeys(acts))
    clear = [act for act in kept if not isinstance(act, Unclear) or act.meanings]
    informed: dict[int, Inform] = {}
    for act in clear:
        if isinstance(act, Inform):
            before = informed.get(act.attribute)
            if before is None or before.confidence < act.confidence + OUTWEIGHS:
                informed[act.attribute] = act
    for act in clear or kept:
        if not isinstance(act, Inform) or informed[act.attribute] is act:
            yield act
