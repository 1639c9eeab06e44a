"""Options that make no sense are refused at once, in one line that says what there is."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from graph.errors import OptionError


def check_choice(option: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is none of the choices.

    :raises OptionError: with the choices.
    """
    if not isinstance(value, str) or value not in choices:
        raise OptionError(f"{option}={value!r}: choose {', '.join(choices[:-1])} or {choices[-1]}")


def check_count(option: str, value: Any, most: int | None = None) -> None:
    """Refuse what is no whole number from 1.

    :raises OptionError: with the bounds.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1 or (most is not None and value > most):
        bounds = "of 1 or more" if most is None else f"from 1 to {most}"
        raise OptionError(f"{option}={value!r}: give a whole number {bounds}")


def check_kind(option: str, value: object, kind: type) -> None:
    """Refuse what is of another kind.

    :raises OptionError: with both kinds.
    """
    if not isinstance(value, kind):
        raise OptionError(f"{option} is a {type(value).__name__}: give a {kind.__name__}")


def check_known(options: Iterable[str], names: Iterable[str]) -> None:
    """Refuse options that there are not.

    :raises OptionError: with those that there are.
    """
    names = sorted(names)
    for option in options:
        if option not in names:
            raise OptionError(f"no option {option!r}; there are {', '.join(names) or 'none'}")
