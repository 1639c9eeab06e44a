"""A desk at the cinema."""

from functools import cache

from convrec.serving.desk import Desk
from convrec.serving.sealing import Sealer
from convrec.talk import Table, TalkOptions
from tests.dialogs.cinema import cinema

KEY = b"a key for tests"


@cache
def table(questions: str = "facet") -> Table:
    """The gain rule talks about the cinema."""
    options = TalkOptions("cinema", "bayes", "popularity", questions)
    return Table(options, paraphrases=False, dataset=cinema())


def desk(questions: str = "facet", key: bytes = KEY) -> Desk:
    """One of any number of desks at that table."""
    chosen = table(questions)
    return Desk(chosen, Sealer(key, chosen.dataset.fingerprint))
