"""What is said and seen in one plain dialogue."""

from dataclasses import dataclass, field

from simulator.history import Act
from simulator.timing import TICK_SECONDS, Event

NO_CRITIQUE = (0, 0, 0)


@dataclass
class PlainStep:
    """One act of the agent and what came of it; see :class:`simulator.history.History` for what each part means."""

    act: int
    options: list[int] = field(default_factory=list)
    items: list[int] = field(default_factory=list)
    """-1 where an item was left out because it may not be shown."""
    answers: list[int] = field(default_factory=list)
    confidence: float = 1.0
    chance: float = 0.0
    accepted: int = 0
    deferred: bool = False
    settled: int = 0
    verdict: int = 0
    volunteered: int = -1
    critique: tuple[int, int, int] = NO_CRITIQUE
    ticks: int = 1
    event: int = int(Event.MESSAGE)
    """What called the agent after it."""
    typing: bool = False
    completeness: float = 1.0
    interrupted: bool = False
    dead_air: bool = False
    wanted_shown: bool = False

    @property
    def speaks(self) -> bool:
        return self.act != Act.WAIT


@dataclass
class PlainHistory:
    """What was said and seen."""

    opening: int = -1
    event: int = int(Event.MESSAGE)
    """What called the agent first."""
    typing: bool = False
    completeness: float = 1.0
    steps: list[PlainStep] = field(default_factory=list)

    def named(self) -> set[int]:
        """Attributes that were asked about or that the user has named."""
        named = {self.opening}
        for step in self.steps:
            named.update(step.options)
            named.add(step.volunteered)
        return named - {-1}

    def shown(self) -> set[int]:
        """Items of the lists that were judged or are on show."""
        dropped = {step.settled - 1 for step in self.steps if step.settled and step.speaks}
        return {item for number, step in enumerate(self.steps) if number not in dropped for item in step.items} - {-1}

    def waits_in_a_row(self) -> int:
        """Waits since the agent last spoke."""
        waits = 0
        for step in reversed(self.steps):
            if step.speaks:
                break
            waits += 1
        return waits

    def cues(self) -> "PlainCues":
        """What can be seen of the present moment."""
        now = self.steps[-1] if self.steps else self
        on_show = sum(step.deferred for step in self.steps) > sum(step.settled > 0 for step in self.steps)
        silence, asked_for_time = 0, False
        for step in reversed(self.steps):
            if step.event in (Event.MESSAGE, Event.FRAGMENT):
                break
            silence += step.ticks
            asked_for_time |= step.event == Event.DEFERRAL
        return PlainCues(
            now.event, now.typing, now.completeness, asked_for_time and on_show, on_show, silence * TICK_SECONDS
        )


@dataclass(frozen=True)
class PlainCues:
    """See :class:`simulator.timing.Cues`."""

    event: int
    typing: bool
    completeness: float
    deferred: bool
    on_show: bool
    silence: float


@dataclass(frozen=True)
class PlainState:
    """What a policy sees: the slots and what fills them, as in :class:`simulator.candidates.Candidates`."""

    options: list[list[int]]
    """Of each question, best first; no more questions than there are."""
    values: list[float]
    """Bits expected from each question."""
    items: list[int]
    """Most believed items that may be shown; no more than there are."""
    masses: list[float]
    """Belief in each of ``items``."""
    mask: list[bool]
    """Open slots."""
    turns_left: int
    ticks_left: int
    cues: PlainCues
