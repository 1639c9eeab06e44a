"""The channel from what people say to what the agent hears: confusions and confidences from a table.

Legend: E dialogues that answer now, m options of a question.
"""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.answers import Answer, QuestionMode
from graph.errors import DataError
from simulator.people.traits import Share
from simulator.randomness import Purpose, uniform

WORDS = {
    "no": Answer.NO, "yes": Answer.YES, "dont-know": Answer.DONT_KNOW, "dont-care": Answer.DONT_CARE,
    "sort-of": Answer.SORT_OF,
}  # fmt: skip
"""What answers are called in a table."""

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class ConfusionTable:
    """How an understander mistakes answers, and how sure it says it is."""

    heard: NDArray[np.float64]
    """P(heard | said), indexed by :class:`graph.answers.Answer`, shape (6, 6), each row summing to one."""
    right: NDArray[np.float64]
    """Quantiles of the confidence when the answer was understood, evenly spaced from 0 to 1, shape (Q,)."""
    wrong: NDArray[np.float64]
    """The same when it was not."""

    @classmethod
    def read(cls, path: Path) -> "ConfusionTable":
        """Read ``{schema_version, heard: {said: {heard: share}}, confidence: {right: […], wrong: […]}}``.

        :raises DataError: when the file is not such a table.
        """
        try:
            return cls._parse(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); name a confusion table") from error
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise DataError(f"{path}: not a confusion table ({error}); see docs/users.md for the format") from error

    @classmethod
    def _parse(cls, content: dict[str, Any]) -> "ConfusionTable":
        if content["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {content['schema_version']!r}, but {SCHEMA_VERSION} is needed")
        heard = np.eye(len(Answer))
        for said, row in content["heard"].items():
            heard[WORDS[said]] = 0.0
            for word, share in row.items():
                heard[WORDS[said], WORDS[word]] = _share(share, f"heard {said} {word}")
            if not math.isclose(heard[WORDS[said]].sum(), 1.0, abs_tol=1e-6):
                raise ValueError(f"the shares of {said!r} sum to {heard[WORDS[said]].sum():g}, not 1")
        return cls(heard, *(_quantiles(content["confidence"][name], name) for name in ("right", "wrong")))

    def hear(
        self,
        answers: NDArray[np.int8],
        mode: QuestionMode,
        strength: Share,
        keys: NDArray[np.uint64],
        turns: NDArray[np.integer],
    ) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
        """What is heard, and how sure the understander is of it.

        A word about one option is heard as the table says; of a facet question that was answered with a name, another
        of the options is heard where the table would have heard no yes.

        :param answers: what is said, shape (E, m), -1 where there is no option.
        :param strength: multiplies the table's error rates, shape (E,); at most 1 in all.
        :return: answers (E, m) and confidence (E,).
        """
        m = answers.shape[1]
        lots = uniform(keys, Purpose.MISHEARING, turns, 2 * m)
        said = np.maximum(answers, 0).astype(np.intp)
        error = np.minimum((1.0 - np.diagonal(self.heard)) * strength[:, None], 1.0)  # (E, 6)
        named = (answers == Answer.UNSAID).any(axis=1)
        if mode is QuestionMode.FACET:
            # One thing is said, so one thing is heard: the first option speaks for all but a named one.
            word = np.where(named[:, None], Answer.YES, said[:, :1])[:, 0]
            wrong = lots[:, 0] < error[np.arange(len(word)), word]
            heard = self._misname(answers, lots[:, 1 : m + 1])
            whole = np.broadcast_to(self._another(word, lots[:, m])[:, None], answers.shape)
            whole = np.where(whole == Answer.YES, Answer.NO, whole)
            heard = np.where(wrong[:, None], np.where(named[:, None], heard, whole), answers)
        else:
            slipped = lots[:, :m] < np.take_along_axis(error, said, axis=1)
            heard = np.where(slipped, self._another(said, lots[:, m:]), answers)
            wrong = np.asarray((slipped & (answers >= 0)).any(axis=1))
        place = uniform(keys, Purpose.CONFIDENCE, turns)[:, 0]
        grid = np.linspace(0.0, 1.0, len(self.right)), np.linspace(0.0, 1.0, len(self.wrong))
        sure = np.where(wrong, np.interp(place, grid[1], self.wrong), np.interp(place, grid[0], self.right))
        return np.where(answers >= 0, heard, -1).astype(np.int8), sure.astype(np.float16)

    def _another(self, said: NDArray[np.integer], lots: Share) -> NDArray[np.integer]:
        """Another word than the one that was said, in the shares of the table; the same shape."""
        others = self.heard.copy()
        np.fill_diagonal(others, 0.0)
        total = others.sum(axis=1, keepdims=True)
        others[total[:, 0] == 0.0, Answer.DONT_KNOW] = 1.0
        below = np.cumsum(others / np.maximum(others.sum(axis=1, keepdims=True), 1e-12), axis=1)[said]
        return (lots[..., None] >= below).sum(axis=-1).clip(0, len(Answer) - 1)

    @staticmethod
    def _misname(answers: NDArray[np.int8], lots: Share) -> NDArray[np.int8]:
        """Another option instead of the one that was named; "none of these" when there is no other."""
        unsaid = answers == Answer.UNSAID
        chosen = np.argmax(np.where(unsaid, lots, -1.0), axis=1)[:, None] == np.arange(answers.shape[1])
        renamed = np.where(chosen & unsaid, Answer.YES, Answer.UNSAID)
        return np.where(unsaid.any(axis=1, keepdims=True), renamed, Answer.NO).astype(np.int8)


def _share(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ValueError(f"{where} = {value!r} is no share between 0 and 1")
    return float(value)


def _quantiles(values: Any, name: str) -> NDArray[np.float64]:
    shares = np.array([_share(value, f"confidence {name}") for value in values])
    if len(shares) < 2 or (np.diff(shares) < 0).any():
        raise ValueError(f"confidence {name} must be at least two rising numbers")
    return shares


@cache
def shipped_table() -> ConfusionTable:
    """The table that comes with the package."""
    return ConfusionTable.read(Path(str(files("simulator.people") / "understander.json")))
