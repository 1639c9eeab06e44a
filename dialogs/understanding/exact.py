"""What matching words letter by letter is worth: the plainest thing that could work, to measure others against."""

from dialogs.acts import Accept, Ask, Inform, Recommend, Unclear, UserAct
from dialogs.understanding.plain import PLAINLY, plain_act
from dialogs.understanding.protocol import Context
from dialogs.understanding.text import fold
from dialogs.understanding.words import NEGATIONS, ORDINALS
from graph.catalogue import Catalogue

LEAST_LETTERS = 3
"""Letters of a name that is looked for: two are too often part of something else."""


class ExactWords:
    """Hears names as the catalogue writes them, numbers, and what is in the lists of plain answers, and nothing else.

    See :class:`dialogs.understanding.protocol.Understander`.
    """

    name = "exact"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._attributes: dict[str, int] = {}
        for attribute, name in enumerate(catalogue.attribute_names):
            self._attributes.setdefault(fold(name), attribute)
        self._longest = max((len(name.split()) for name in self._attributes), default=0)

    def understand(self, message: str, context: Context) -> tuple[UserAct, ...]:
        """Every act of a message, in order."""
        text = fold(message)
        for kind, phrases in PLAINLY.items():
            act = plain_act(kind, 1.0, context) if text in phrases else None
            if act is not None:
                return (act,)
        on_table, words = context.on_table, text.split()
        if isinstance(on_table, Recommend):
            taken = [item for item in on_table.items if f" {fold(self._catalogue.titles[item])} " in f" {text} "]
            taken += [on_table.items[place - 1] for place in _places(words) if 0 < place <= len(on_table.items)]
            return (Accept(item=taken[0]),) if taken else (Unclear(),)
        named = self._named(words, on_table.options if isinstance(on_table, Ask) else ())
        if not named and isinstance(on_table, Ask):
            named = [on_table.options[place - 1] for place in _places(words) if 0 < place <= len(on_table.options)]
        return tuple(Inform(attribute=each, holds=not set(words) & NEGATIONS) for each in named) or (Unclear(),)

    def _named(self, words: list[str], asked: tuple[int, ...]) -> list[int]:
        """Attributes that are named, the longest names first; those that were asked about before others of the name."""
        own = {fold(self._catalogue.attribute_names[each]): each for each in asked}
        found, place = [], 0
        while place < len(words):
            for end in range(min(len(words), place + self._longest), place, -1):
                name = " ".join(words[place:end])
                attribute = own.get(name, self._attributes.get(name))
                if attribute is not None and len(name) >= LEAST_LETTERS:
                    found.append(attribute)
                    place = end - 1
                    break
            place += 1
        return found


def _places(words: list[str]) -> list[int]:
    return [int(word) if word.isdecimal() else ORDINALS.get(word, 0) for word in words]
