"""Says acts: a generator proposes, the verifier checks, and a template stands behind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialogs.acts import AgentAct
from dialogs.generation.protocol import ReplyGenerator
from dialogs.generation.requests import Request, request_of
from dialogs.generation.templates import Templates
from dialogs.generation.verifier import problems
from graph.catalogue import Catalogue


@dataclass(frozen=True)
class Said:
    """One sentence or two of a reply."""

    text: str
    generator: str
    """Which generator's words they are in the end."""
    dropped: int
    """Candidates that the verifier turned down before."""


class Speaker:
    """Turns acts of the agent into words."""

    def __init__(self, catalogue: Catalogue, generator: ReplyGenerator | None = None) -> None:
        self._catalogue = catalogue
        self.generator: ReplyGenerator = generator or Templates()
        self._templates = Templates()

    def say(self, acts: Sequence[AgentAct], seed: int) -> Iterator[Said]:
        """What is said for each act, one after the other, so that the first can be shown while the rest is made.

        :param seed: the same gives the same.
        """
        for place, act in enumerate(acts):
            request = request_of(self._catalogue, act)
            if request is not None:
                yield self.say_one(request, seed * 31 + place)

    def say_one(self, request: Request, seed: int) -> Said:
        """One request in words, verified."""
        dropped = 0
        for text in self.generator.candidates(request, seed):
            if not problems(text, request):
                return Said(text, self.generator.name, dropped)
            dropped += 1
        return Said(next(self._templates.candidates(request, seed)), self._templates.name, dropped)
