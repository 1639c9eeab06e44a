"""Attributes and items that a clause names: by their names, misspelt, or in other words."""

from collections.abc import Iterable, Iterator, Sequence

from dialogs.acts import Ask, Dislike, Inform, Like, Seen, Unclear, UserAct
from dialogs.understanding import words as said
from dialogs.understanding.dates import decades_ruled_out
from dialogs.understanding.durations import running_times
from dialogs.understanding.lexicon import Found, Lexicon, Meaning
from dialogs.understanding.paraphrase import FROM, SURER, Paraphrases
from dialogs.understanding.plain import is_filler, is_negation, negates
from dialogs.understanding.protocol import TYPED, Context
from dialogs.understanding.text import Word, fold

LEAST_LETTERS = 3
"""Letters of a word that can mean something by itself."""

MOST_UNKNOWN = 8
"""Words of a clause that may be misspelt, or may paraphrase something; of more, it is no sentence to us."""


class Namer:
    """Finds what a clause names.

    :param paraphrases: finds attributes by likeness of meaning; None to do without.
    """

    def __init__(self, lexicon: Lexicon, paraphrases: Paraphrases | None) -> None:
        self._lexicon, self._paraphrases = lexicon, paraphrases
        self._catalogue = lexicon.catalogue
        self._unnamed = said.CUED | {word for facet in self._catalogue.facets for word in fold(facet.name).split()}
        """Words beside a name that mean nothing alone: they say of which facet it is."""

    def named(self, words: Sequence[Word], context: Context, guess: bool = True) -> Iterator[UserAct]:
        """Attributes and items that are named, misspelt or paraphrased.

        :param guess: whether to look for what is misspelt or paraphrased, which takes longer.
        """
        tokens = [word.folded for word in words]
        text = " ".join(tokens)
        verdict = verdict_of(tokens)
        asked = context.on_table.options if isinstance(context.on_table, Ask) else ()
        found = self._lexicon.find(words, verdict is not None, asked)
        if not found and len(words) > 1:
            found = [each for each in self._lexicon.find(words, True, asked) if _is_title(each, words)]
        taken = {place for each in found for place in range(each.start, each.end)}
        if guess:
            found += self._loose(words, taken, verdict is not None)
        found.sort(key=lambda each: each.start)
        dates = list(decades_ruled_out(text, self._lexicon.decades))
        for attribute, sure in dates:
            yield Inform(attribute=attribute, holds=False, confidence=sure)
        if dates:
            decades = set(self._lexicon.decades.values())
            found = [each for each in found if not all(meaning.attribute in decades for meaning in each.meanings)]
        graded = any(phrase in text for phrase in said.SORT_OF if " " in phrase)
        either = 0.5 if len(found) > 1 and "or" in tokens and not negates(tokens) else 1.0
        meant = bool(dates)
        for each in found:
            for act in self._act(each, words, context, verdict):
                if isinstance(act, Inform):
                    act = act.model_copy(update={"graded": graded, "confidence": act.confidence * either})
                yield act
                meant = True
        left = [token for place, token in enumerate(tokens) if place not in taken]
        yield from self._paraphrased(words, left, context, FROM if not meant else SURER, guess)

    def _loose(self, words: Sequence[Word], taken: set[int], titles: bool) -> list[Found]:
        """Words that nobody has understood and that look like misspelt names."""
        found: list[Found] = []
        unknown = [place for place, word in enumerate(words) if place not in taken and not is_idle(word.folded)]
        if len(unknown) > MOST_UNKNOWN:
            return found
        for size in (3, 2, 1):
            for start in range(len(words) - size + 1):
                span = range(start, start + size)
                part = [words[place].folded for place in span]
                if taken & set(span) or is_idle(part[0]) or is_idle(part[-1]):
                    continue
                if size == 1 and (is_negation(part[0]) or len(part[0]) < 5 or is_filler(part[0])):
                    continue
                meanings = self._lexicon.misspelt(" ".join(part), titles=False)
                if not meanings and titles:
                    meanings = self._lexicon.misspelt(" ".join(part), titles=True)
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
        if attributes and not any(word.named for word in words[found.start : found.end]):
            items = []  # "I like comedies" is about comedies, whatever film is called so
        if verdict is not None and items and not self._is_told_of(found, words):
            return
        if items and (verdict is not None or not attributes):
            kind = Dislike if verdict in (Like, None) and negated else verdict or Like
            if len(items) > 1 and verdict is None and not negated:
                yield Unclear(meanings=tuple(Like(item=each.item) for each in items[:4]))
            else:
                yield kind(item=items[0].item, confidence=items[0].sure * TYPED)
            return
        chosen = self._choose(attributes, tokens, found, context)
        if len(chosen) > 1:
            yield Unclear(meanings=tuple(Inform(attribute=each.attribute, holds=not negated) for each in chosen[:4]))
        elif chosen:
            yield Inform(attribute=chosen[0].attribute, holds=not negated, confidence=chosen[0].sure * TYPED)

    @staticmethod
    def _is_told_of(found: Found, words: Sequence[Word]) -> bool:
        """Whether a verdict is about a title: one common word in small letters has to stand right behind it."""
        own = words[found.start : found.end]
        if len(own) > 1 or own[0].named:
            return True
        before = [word.folded for word in words[: found.start]]
        behind = next((at for at in range(len(before), 0, -1) if before[at - 1] not in _ARTICLES), 0)
        return bool(behind) and (before[behind - 1] in said.VERDICTS or before[behind - 1] == "and")

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
        plainly = [each for each in cued if near & (said.CUES[facets[each]] - said.WEAK_CUES)]
        cued = plainly or cued
        if len(cued) == 1:
            return cued
        degrees = catalogue.attribute_items.degrees
        ranked = sorted(cued or meanings, key=lambda each: -int(degrees[each.attribute]))
        if len(ranked) > 1 and degrees[ranked[0].attribute] >= 3 * degrees[ranked[1].attribute]:
            return ranked[:1]
        return ranked

    def _paraphrased(
        self, words: Sequence[Word], left: Sequence[str], context: Context, least: float, guess: bool
    ) -> Iterator[UserAct]:
        """What the words that name nothing come to.

        :param left: words of the clause that have not been understood.
        :param least: lift from which a paraphrase is believed.
        """
        tokens = [word.folded for word in words]
        spans = list(running_times(" ".join(tokens), self._lexicon.spans))
        for attribute, holds in spans:
            yield Inform(attribute=attribute, holds=holds, confidence=0.9)
        unnamed = self._unnamed | {word.folded for word in words[1:] if word.named}
        content = [each for each in left if len(each) >= LEAST_LETTERS and not is_idle(each) and each not in unnamed]
        if spans or not content:
            if not spans and not content and least == FROM and context.on_table is None and len(left) == len(tokens):
                yield Unclear()
            return
        options = context.on_table.options if isinstance(context.on_table, Ask) else ()
        sayable = guess and len(content) <= MOST_UNKNOWN
        meaning = (
            self._paraphrases.nearest(" ".join(content), options, least) if self._paraphrases and sayable else None
        )
        if meaning is not None:
            attribute, sure = meaning
            yield Inform(attribute=attribute, holds=not negates(tokens), confidence=sure)
        elif least == FROM:
            yield Unclear()


_ARTICLES = frozenset({"a", "an", "the", "film", "movie"})


def is_idle(token: str) -> bool:
    """Whether a word names nothing by itself, as a number or a comparison does not."""
    return (
        is_filler(token) or is_negation(token) or token.isdecimal() or token in said.COMPARATIVES or token in said.TOO
    )


def verdict_of(tokens: Iterable[str]) -> type[Like | Dislike | Seen] | None:
    """What a clause says of an item it names."""
    found = set(tokens)
    if found & set(said.DISLIKED):
        return Dislike
    if found & {"liked", "loved", "enjoyed", "similar", "adored", "favourite", "favorite"} or "like" in found:
        return Like
    return Seen if found & {"seen", "saw", "watched"} else None


def _negated(tokens: Sequence[str], start: int, end: int) -> bool:
    """Whether what stands at some place of a clause is turned around by a word before it.

    "Less action, more drama": what there is to be more of is wanted, unless there is to be no more of it.
    """
    begins = max((at for at in range(1, start) if tokens[at] == "more" and not is_negation(tokens[at - 1])), default=0)
    return negates(tokens[begins:start]) or tokens[end : end + 1] == ["free"]


def _is_title(found: Found, words: Sequence[Word]) -> bool:
    """Whether a name that only titles have is written like one, or is the whole clause."""
    own = words[found.start : found.end]
    whole = len(own) == len(words)
    written = len(own) > 1 and all(word.named or word.folded in said.FILLERS for word in own)
    return whole or written
