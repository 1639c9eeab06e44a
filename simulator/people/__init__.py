"""The people who are talked to: minds, answers, judgement, attention and patience, for a whole batch at once."""

from simulator.people.people import Opening, People, Reaction
from simulator.people.traits import Traits, either

__all__ = ["Opening", "People", "Reaction", "Traits", "either"]
