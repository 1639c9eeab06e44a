"""A talk with one person: words in, words out, and everything that happened on the way.

Only this part keeps something from one message to the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from dialogs.acts import AgentAct, Clarify, DontKnow, Unclear, UserAct
from dialogs.agent import Agent, Step, Thinking, Thought, alone
from dialogs.conversation import Conversation
from dialogs.generation.speaker import Said, Speaker
from dialogs.understanding.protocol import Context, Understander

MOST_UNCLEAR = 3
"""Messages in a row that are asked back for before one is taken for "I don't know"."""


SILENCE_S = 12.0
"""Seconds for which the agent says nothing before it thinks again."""


@dataclass(frozen=True)
class Standing:
    """Where a talk stands: everything that is kept from one message to the next."""

    conversation: Conversation = field(default_factory=Conversation)
    clarify: Clarify | None = None
    """What was asked back for last."""
    unclear: int = 0
    """Messages in a row that could not be understood."""
    replies: int = 0
    """How many there were."""
    over: bool = False
    """Whether the last word has been said."""


@dataclass(frozen=True)
class Reply:
    """What comes of one message."""

    message: str
    """What was typed; empty for a button or for silence."""
    heard: tuple[UserAct, ...]
    says: tuple[AgentAct, ...]
    said: tuple[Said, ...]
    """In words; empty for silence."""
    thought: Thought | None
    over: bool
    seconds: float
    """From the message to the last word."""

    @property
    def text(self) -> str:
        """All that is said."""
        return " ".join(each.text for each in self.said)


class Session:
    """Talks with one person from the first word to the last.

    :param seed: of the words.
    :param standing: where an earlier session has left off.
    """

    def __init__(
        self,
        agent: Agent,
        understander: Understander,
        speaker: Speaker,
        seed: int = 0,
        standing: Standing | None = None,
    ) -> None:
        self.agent, self.understander, self.speaker, self.seed = agent, understander, speaker, seed
        self.standing = standing or Standing()

    @property
    def context(self) -> Context:
        """What the next message answers to."""
        conversation = self.standing.conversation
        return Context(conversation.on_table, conversation.shown, self.standing.clarify)

    @property
    def over(self) -> bool:
        """Whether the last word has been said."""
        return self.standing.over

    def open(self) -> Reply:
        """The agent's first word."""
        began = perf_counter()
        return self._keep("", (), self.agent.open(), began, self.standing.unclear)

    def hear(self, message: str) -> Reply:
        """Answer a typed message."""
        return alone(self.hearing(message), self.agent.world.policy)

    def hearing(self, message: str) -> Thinking[Reply]:
        """The same for several at once: see :func:`dialogs.agent.together`."""
        began, message = perf_counter(), writable(message)
        return (yield from self._answer(message, self.understander.understand(message, self.context), began))

    def press(self, acts: Sequence[UserAct]) -> Reply:
        """Answer a button, which is understood as it is."""
        return alone(self.pressing(acts), self.agent.world.policy)

    def pressing(self, acts: Sequence[UserAct]) -> Thinking[Reply]:
        """The same for several at once."""
        return (yield from self._answer("", tuple(acts), perf_counter()))

    def _answer(self, message: str, heard: tuple[UserAct, ...], began: float) -> Thinking[Reply]:
        unclear = self.standing.unclear + 1 if all(isinstance(act, Unclear) for act in heard) else 0
        if unclear >= MOST_UNCLEAR:
            # Three times is enough: let us go on with something else.
            heard, unclear = (DontKnow(),), 0
        step = yield from self.agent.stepping(self.standing.conversation, heard)
        return self._keep(message, heard, step, began, unclear)

    def _keep(self, message: str, heard: tuple[UserAct, ...], step: Step, began: float, unclear: int) -> Reply:
        said = tuple(self.speaker.say(step.says, self.seed * 1009 + self.standing.replies))
        clarify = next((act for act in step.says if isinstance(act, Clarify)), None)
        self.standing = Standing(step.conversation, clarify, unclear, self.standing.replies + 1, step.over)
        return Reply(message, heard, step.says, said, step.thought, step.over, perf_counter() - began)


def writable(text: str) -> str:
    """The text without what no file can hold: halves of characters, which a terminal may send."""
    return text.encode("utf-8", "replace").decode("utf-8")
