"""What a kind of simulated user must be able to do, and the names of the kinds.

Legend: N dialogues, E dialogues asked now, m options of a question, k items of a list.
"""

import difflib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from graph.answers import QuestionMode
from graph.catalogue import Catalogue
from graph.errors import OptionError


class SimulatedUsers(Protocol):
    """A batch of people, each with one item in mind."""

    def open(self) -> NDArray[np.int32]:
        """The attribute each begins with, shape (N,), -1 for nothing to say."""
        ...

    def answer(
        self, rows: NDArray[np.intp], options: NDArray[np.int32], mode: QuestionMode, turns: NDArray[np.integer]
    ) -> NDArray[np.int8]:
        """:class:`graph.answers.Answer` to each option.

        :param rows: dialogues asked, shape (E,).
        :param options: attributes asked about, shape (E, m), -1 where there are fewer.
        :param turns: turns taken before this one, shape (E,).
        :return: shape (E, m), -1 where there is no option.
        """
        ...

    def accept(self, rows: NDArray[np.intp], lists: NDArray[np.int32], turns: NDArray[np.integer]) -> NDArray[np.int16]:
        """Place (from 1) of the item each accepts, 0 for none.

        :param lists: items shown, shape (E, k), -1 where there are fewer.
        :param turns: turns taken before this one, shape (E,).
        :return: shape (E,).
        """
        ...


class UserType(Protocol):
    """Makes the users of a run."""

    def __call__(self, catalogue: Catalogue, targets: NDArray[np.int32], keys: NDArray[np.uint64]) -> SimulatedUsers:
        """Users with these items in mind, shape (N,), and these random keys, shape (N,)."""
        ...


def user_types() -> dict[str, UserType]:
    """Every kind of user by name."""
    from simulator.users.classic import ClassicUsers

    return {"classic": ClassicUsers}


def parse_users(name: str) -> UserType:
    """The kind of user called ``name``.

    :raises OptionError: when there is no such kind.
    """
    kinds = user_types()
    if name not in kinds:
        near = difflib.get_close_matches(name, kinds, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(kinds)}"
        raise OptionError(f"no user type {name!r}; {hint}")
    return kinds[name]
