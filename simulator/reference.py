"""The reference line: turns that no policy can go below, whatever it knows but the item that is looked for.

Legend: D or N dialogues, V items, k items of a list, m options of a question, b responses a question can get, t turns.

N(t), the most items found within t turns, is N(1) = k and N(t) = max(b N(t-1), k + N(t-1)): a question parts the items
by its b responses and finds none, a list finds k and leaves the rest together.  Hence N(t) <= k b^(t-1), because
k + k b^(t-2) <= 2 k b^(t-2) <= b * k b^(t-2) for b >= 2.  It holds for each outcome of the users' luck, so for answers
that are drawn as well (an option named, a slip), as long as b counts every response they can give.

So of targets drawn from a belief those found within t turns hold at most its k b^(t-1) largest masses, and

    E[turns] >= E[1 + ceil(log_b(max(r, k) / k))],   r the rank of the target in that belief, from 1.

The belief is the one after the opening.  From then on users only answer and judge: what they say unasked is beyond the
line.  Where a failure counts F, cap the line at F.
"""

import numpy as np
from numpy.typing import NDArray

from graph.answers import QuestionMode


def n_responses(mode: QuestionMode, *, open_world: bool = False) -> int:
    """Distinct responses of truthful users to one question (b): 2 for binary, m + 1 for facet, 2**m for multi.

    :param open_world: True where facets may be unknown for an item: "I don't know" is then one more.
    """
    spoken = mode.n_options + 1 if mode is QuestionMode.FACET else 2**mode.n_options
    return spoken + open_world


def reference_turns(ranks: NDArray[np.integer], list_length: int, n_responses: int = 2) -> NDArray[np.int64]:
    """Turns of the reference line, 1 + ceil(log_b(max(r, k) / k)), in whole numbers; shape (D,).

    :param ranks: of each target in the belief after the opening, from 1, shape (D,).
    :param list_length: items a list shows (k).
    :param n_responses: distinct responses to a question (b), >= 2; see :func:`n_responses`.
    :raises ValueError: when a rank or the list length is below 1, or the responses below 2.
    """
    if list_length < 1 or n_responses < 2 or (ranks < 1).any():
        raise ValueError("ranks and list_length must be 1 or more, n_responses 2 or more")
    largest = int(ranks.max(initial=1))
    reach = [list_length]
    while reach[-1] < largest:
        reach.append(reach[-1] * n_responses)
    return 1 + np.searchsorted([min(each, largest) for each in reach], ranks)


def target_ranks(log_weights: NDArray[np.floating], targets: NDArray[np.integer]) -> NDArray[np.int64]:
    """Rank of each target in its belief: 1 + the number of items believed in more; shape (N,).

    Ties count in the target's favour.  Any order among them gives targets drawn from the belief the same expected
    turns, so the best rank for all of them keeps the line a bound and the worst would break it.  A
    :class:`graph.belief.Belief` has next to no ties: it breaks them by a hash of the item's id.

    :param log_weights: unnormalised, shape (N, V), -inf for items that may not be shown.
    :param targets: shape (N,).
    """
    own = np.take_along_axis(log_weights, targets[:, None], axis=1)
    return 1 + (log_weights > own).sum(axis=1, dtype=np.int64)
