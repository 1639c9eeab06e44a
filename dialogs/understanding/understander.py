"""Understands messages by names, other names, misspellings and likeness of meaning; every act with a confidence.

A message is cut into clauses.  What a whole clause says (yes, never mind, why?) is looked for first, then names; names
are turned around where the clause says no.  What is left and looks like content is taken for a misspelling, or else
for a paraphrase.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from dialogs.acts import (
    Accept,
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
from dialogs.understanding.durations import running_times
from dialogs.understanding.lexicon import Found, Lexicon, Meaning
from dialogs.understanding.paraphrase import FROM, SURER, Manners, Paraphrases
from dialogs.understanding.plain import (
    NUMBER,
    is_filler,
    names_nothing,
    place_of,
    plain_act,
    plain_kind,
)
from dialogs.understanding.protocol import Context
from dialogs.understanding.text import Word, fold, is_unfinished, words_of
from dialogs.understanding.titles import with_places

TYPED = 0.98
"""Chance that what is written plainly is meant."""

LEAST_SURE = 0.6
"""Confidence below which a name that was found gives way to a plain answer."""

CLOSE_OPTION, MOST_WORDS = 80.0, 12
"""Likeness, of 100, from which words are taken for an option that was asked about; words of a clause that is tried."""


@dataclass(frozen=True)
class _Clause:
    """Part of a message that is understood by itself."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return " ".join(word.folded for word in self.words)


class LexicalUnderstander:
    """See :class:`dialogs.understanding.protocol.Understander`.

    :param paraphrases: finds attributes by likeness of meaning; None to do without.
    :param manners: the same for plain answers, :data:`PLAINLY`; None to do without.
    """

    name = "lexical"

    def __init__(
        self, lexicon: Lexicon, paraphrases: Paraphrases | None = None, manners: Manners | None = None
    ) -> None:
        self.lexicon, self._paraphrases, self._manners = lexicon, paraphrases, manners
        self._catalogue = lexicon.catalogue

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        """Every act of a message, in order."""
        if not message.strip():
            return (Nothing(),)
        words = with_places(words_of(message), [fold(self._catalogue.titles[item]) for item in context.shown])
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
        return tuple(acts) or (Unclear(),)

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
        for phrases, act in ((said.UNDO, Undo()), (said.RESTART, Restart()), (said.LEAVE, Leave())):
            if text in phrases or any(text.startswith(f"{each} ") for each in phrases if " " in each):
                return (act,)
        if text in said.GREET:
            return (Greet(),)
        if text in said.DEFER or text.startswith(("let me think", "give me a", "hold on", "hang on")):
            return (Defer(),)
        if text.split(" ", 1)[0] == "why" or text in said.WHY:
            return (AskWhy(item=self._pointed_at(text.split(), context)),)
        return None

    @staticmethod
    def _pointed_at(tokens: Sequence[str], context: Context) -> int | None:
        """The item of the list that a number or an ordinal names."""
        shown = context.shown
        for token in tokens:
            place = place_of(token)
            if token == "last" and shown:
                place = len(shown)
            if 1 <= place <= len(shown):
                return shown[place - 1]
        return None

    def _parts(self, words: Sequence[Word], context: Context, unfinished: bool) -> Iterator[UserAct | None]:
        last: int | None = None
        for clause in _clauses(words):
            tokens = [word.folded for word in clause.words]
            verdict = _verdict(tokens)
            if verdict is not None and last is not None and names_nothing(tokens):
                yield verdict(item=last, confidence=TYPED)
                continue
            for act in self._clause(clause, context):
                item = getattr(act, "item", None)
                last = last if item is None else item
                yield act
        if not words:
            yield Fragment() if unfinished else Unclear()

    def _clause(self, clause: _Clause, context: Context) -> Iterator[UserAct | None]:
        plain = self._plain(clause.text, context)
        if plain is not None:
            yield plain
            return
        yield from self._leading(clause, context)
        about_list = list(self._about_list(clause, context)) if context.shown else []
        if about_list:
            yield from about_list
            return
        options = list(self._numbers(clause, context)) or list(self._misspelt_options(clause, context))
        if options:
            yield from options
            return
        acts = list(self._names(clause, context))
        if not any(isinstance(act, Inform | Like | Dislike | Seen) and act.confidence >= LEAST_SURE for act in acts):
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
        if context.on_table is None:
            return None
        found = None if self._manners is None else self._manners.nearest(text)
        return None if found is None else plain_act(*found, context)

    def _leading(self, clause: _Clause, context: Context) -> Iterator[UserAct]:
        """A yes or a no before something else: "no, a comedy" comes as two clauses, "no a comedy" as one."""
        first = clause.words[0].folded if clause.words else ""
        asked = context.on_table
        if isinstance(asked, Ask) and len(asked.options) == 1 and len(clause.words) > 1:
            if first in ("yes", "yeah", "yep", "sure"):
                yield Affirm(confidence=TYPED)
            elif first in ("no", "nope", "nah"):
                yield Deny(confidence=TYPED)

    def _about_list(self, clause: _Clause, context: Context) -> Iterator[UserAct]:
        """What is said of items on show: this one, seen the second, like the third but older."""
        tokens = [word.folded for word in clause.words]
        item = self._pointed_at(tokens, context)
        comparative = next((said.COMPARATIVES[token] for token in tokens if token in said.COMPARATIVES), None)
        showing = isinstance(context.on_table, Recommend)
        if comparative is not None:
            critique = self._critique(item if item is not None else context.shown[0], *comparative)
            if critique is not None:
                yield critique
                return
        if item is None:
            return
        negated = any(token in said.NEGATIONS for token in tokens)
        if any(token in said.SEEN for token in tokens) and not negated:
            yield Seen(item=item, confidence=TYPED)
            if any(token in said.DISLIKED for token in tokens):
                yield Dislike(item=item, confidence=TYPED)
            elif any(token in ("loved", "liked", "enjoyed") for token in tokens):
                yield Like(item=item, confidence=TYPED)
        elif any(token in said.DISLIKED for token in tokens) or (negated and showing):
            yield Dislike(item=item, confidence=TYPED)
        elif any(token in said.LIKED for token in tokens):
            yield Like(item=item, confidence=TYPED)
        elif showing:
            yield Accept(item=item, confidence=TYPED)

    def _critique(self, item: int, facet: str, direction: int) -> Critique | None:
        catalogue = self._catalogue
        names = [each.name for each in catalogue.facets]
        if facet not in names or not catalogue.facets[names.index(facet)].ordered:
            return None
        own = catalogue.attributes_of(item, names.index(facet))
        if not len(own):
            return None
        return Critique(item=item, attribute=int(own[0]), direction=1 if direction > 0 else -1, confidence=TYPED)

    def _numbers(self, clause: _Clause, context: Context) -> Iterator[UserAct]:
        """Options of the question by their numbers."""
        asked = context.on_table
        if not isinstance(asked, Ask) or len(asked.options) < 2:
            return
        tokens = [word.folded for word in clause.words]
        content = [token for token in tokens if token not in said.FILLERS and token not in said.ORDINALS]
        if not all(NUMBER.fullmatch(token) or token in said.NEGATIONS for token in content):
            return
        negated = any(token in said.NEGATIONS for token in tokens)
        for token in tokens:
            place = place_of(token)
            if place == len(asked.options) + 1:
                yield Deny(confidence=TYPED)
            elif 1 <= place <= len(asked.options):
                yield Inform(attribute=asked.options[place - 1], holds=not negated, confidence=TYPED)

    def _misspelt_options(self, clause: _Clause, context: Context) -> Iterator[UserAct]:
        """The option of the question that a clause names, letters aside."""
        asked = context.on_table
        if not isinstance(asked, Ask) or len(clause.words) > MOST_WORDS:
            return
        names = {option: fold(self._catalogue.attribute_names[option]) for option in asked.options}
        words = clause.text.split()
        exact = [option for option, name in names.items() if f" {name} " in f" {clause.text} "]
        if exact or len(asked.options) < 2:
            return
        for option, name in names.items():
            size = len(name.split())
            parts = [" ".join(words[place : place + size]) for place in range(len(words) - size + 1)]
            likeness = max((fuzz.ratio(name, part) for part in parts), default=0.0)
            if len(name) > 3 and likeness >= CLOSE_OPTION:
                before = clause.text.split(next(part for part in parts if fuzz.ratio(name, part) == likeness))[0]
                holds = not set(before.split()) & said.NEGATIONS
                yield Inform(attribute=option, holds=holds, confidence=0.9)

    def _names(self, clause: _Clause, context: Context) -> Iterator[UserAct]:
        """Attributes and items that are named, misspelt or paraphrased."""
        words = clause.words
        tokens = [word.folded for word in words]
        verdict = _verdict(tokens)
        asked = context.on_table.options if isinstance(context.on_table, Ask) else ()
        found = self.lexicon.find(words, verdict is not None, asked)
        if not found and len(words) > 1:
            found = [each for each in self.lexicon.find(words, True, asked) if _is_title(each, words)]
        taken = {place for each in found for place in range(each.start, each.end)}
        found += self._loose(words, taken, verdict is not None)
        found.sort(key=lambda each: each.start)
        graded = any(phrase in clause.text for phrase in said.SORT_OF if " " in phrase)
        either = 0.5 if len(found) > 1 and "or" in tokens and not _negated(tokens, 0, len(tokens)) else 1.0
        meant = False
        for each in found:
            for act in self._act(each, words, context, verdict):
                if isinstance(act, Inform):
                    act = act.model_copy(update={"graded": graded, "confidence": act.confidence * either})
                yield act
                meant = True
        left = [token for place, token in enumerate(tokens) if place not in taken]
        yield from self._paraphrased(clause, left, context, FROM if not meant else SURER)

    def _loose(self, words: Sequence[Word], taken: set[int], titles: bool) -> list[Found]:
        """Words that nobody has understood and that look like misspelt names."""
        found = []
        for size in (3, 2, 1):
            for start in range(len(words) - size + 1):
                span = range(start, start + size)
                part = [words[place].folded for place in span]
                if taken & set(span) or part[0] in said.FILLERS or part[-1] in said.FILLERS:
                    continue
                if size == 1 and (part[0] in said.NEGATIONS or len(part[0]) < 5 or is_filler(part[0])):
                    continue
                meanings = self.lexicon.misspelt(" ".join(part), titles=False)
                if not meanings and titles:
                    meanings = self.lexicon.misspelt(" ".join(part), titles=True)
                if meanings:
                    taken |= set(span)
                    found.append(Found(start, start + size, meanings))
        return found

    def _act(
        self, found: Found, words: Sequence[Word], context: Context, verdict: type[Like | Dislike | Seen] | None
    ) -> Iterator[UserAct]:
        tokens = [word.folded for word in words]
        negated = _negated(tokens, found.start, found.end)
        items = [each for each in found.meanings if each.item >= 0]
        attributes = [each for each in found.meanings if each.attribute >= 0]
        if items and (verdict is not None or not attributes):
            kind = Dislike if verdict is Like and negated else verdict or Like
            if len(items) > 1 and verdict is None:
                yield Unclear(meanings=tuple(Like(item=each.item) for each in items[:4]))
            else:
                yield kind(item=items[0].item, confidence=items[0].sure * TYPED)
            return
        chosen = self._choose(attributes, tokens, found, context)
        if len(chosen) > 1:
            yield Unclear(meanings=tuple(Inform(attribute=each.attribute, holds=not negated) for each in chosen[:4]))
        elif chosen:
            yield Inform(attribute=chosen[0].attribute, holds=not negated, confidence=chosen[0].sure * TYPED)

    def _choose(
        self, meanings: Sequence[Meaning], tokens: Sequence[str], found: Found, context: Context
    ) -> list[Meaning]:
        """Which attribute is meant where several are called the same."""
        if len(meanings) < 2:
            return list(meanings)
        catalogue = self._catalogue
        options = context.on_table.options if isinstance(context.on_table, Ask) else ()
        asked = [each for each in meanings if each.attribute in options]
        if asked:
            return asked[:1]
        pair = {catalogue.facets[catalogue.attribute_facet[each.attribute]].name: each for each in meanings}
        before = tokens[found.start - 1 : found.start]
        if pair.keys() == {"country", "language"} and len(meanings) == 2:
            spoken = before == ["in"] or set(tokens) & {"language", "speaking", "spoken", "subtitled"}
            return [pair["language" if spoken else "country"]]
        near = set(tokens[max(0, found.start - 3) : found.start]) | set(tokens[found.end : found.end + 2])
        facets = {each: catalogue.facets[catalogue.attribute_facet[each.attribute]].name for each in meanings}
        cued = [each for each in meanings if near & said.CUES.get(facets[each], frozenset())]
        if len(cued) == 1:
            return cued
        degrees = catalogue.attribute_items.degrees
        ranked = sorted(cued or meanings, key=lambda each: -int(degrees[each.attribute]))
        if len(ranked) > 1 and degrees[ranked[0].attribute] >= 3 * degrees[ranked[1].attribute]:
            return ranked[:1]
        return ranked

    def _paraphrased(self, clause: _Clause, left: Sequence[str], context: Context, least: float) -> Iterator[UserAct]:
        """What the words that name nothing come to.

        :param left: words of the clause that have not been understood.
        :param least: cosine from which a paraphrase is believed.
        """
        tokens = [word.folded for word in clause.words]
        spans = list(running_times(clause.text, self.lexicon.spans))
        for attribute, holds in spans:
            yield Inform(attribute=attribute, holds=holds, confidence=0.9)
        names = {word.folded for word in clause.words[1:] if word.named}
        content = [
            token for token in left if not is_filler(token) and token not in said.NEGATIONS and token not in names
        ]
        if spans or not content:
            if not spans and not content and least == FROM and context.on_table is None and len(left) == len(tokens):
                yield Unclear()
            return
        options = context.on_table.options if isinstance(context.on_table, Ask) else ()
        meaning = self._paraphrases.nearest(" ".join(content), options, least) if self._paraphrases else None
        if meaning is not None:
            attribute, sure = meaning
            yield Inform(attribute=attribute, holds=not set(tokens) & said.NEGATIONS, confidence=sure)
        elif least == FROM:
            yield Unclear()


def _one_critique(acts: Sequence[UserAct], context: Context) -> list[UserAct]:
    """Make one wish of "like the third, but older"."""
    liked = [act.item for act in acts if isinstance(act, Like) and act.item in context.shown]
    if not liked or not any(isinstance(act, Critique) for act in acts):
        return list(acts)
    kept: list[UserAct] = []
    for act in acts:
        if isinstance(act, Critique):
            kept.append(act.model_copy(update={"item": liked[-1]}))
        elif not (isinstance(act, Like) and act.item == liked[-1]):
            kept.append(act)
    return kept


def _clauses(words: Sequence[Word]) -> Iterator[_Clause]:
    for number in dict.fromkeys(word.clause for word in words):
        yield _Clause(tuple(word for word in words if word.clause == number))


def _verdict(tokens: Iterable[str]) -> type[Like | Dislike | Seen] | None:
    """What a clause says of an item it names."""
    found = set(tokens)
    if found & set(said.DISLIKED):
        return Dislike
    if found & {"liked", "loved", "enjoyed", "similar", "adored", "favourite", "favorite"} or "like" in found:
        return Like
    return Seen if found & {"seen", "saw", "watched"} else None


def _negated(tokens: Sequence[str], start: int, end: int) -> bool:
    """Whether what stands at some place of a clause is turned around by a word before it."""
    return any(token in said.NEGATIONS for token in tokens[:start]) or tokens[end : end + 1] == ["free"]


def _is_title(found: Found, words: Sequence[Word]) -> bool:
    """Whether a name that only titles have is written like one, or is the whole clause."""
    own = words[found.start : found.end]
    whole = len(own) == len(words)
    written = len(own) > 1 and all(word.named or word.folded in said.FILLERS for word in own)
    return whole or written


def _without_repeats(acts: Iterable[UserAct]) -> Iterator[UserAct]:
    """Acts once each; of two opposite answers to one question the later one counts, and what is unclear only alone."""
    kept = list(dict.fromkeys(acts))
    clear = [act for act in kept if not isinstance(act, Unclear) or act.meanings]
    informed = {act.attribute: place for place, act in enumerate(clear) if isinstance(act, Inform)}
    for place, act in enumerate(clear or kept):
        if not isinstance(act, Inform) or informed[act.attribute] == place:
            yield act
