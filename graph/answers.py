"""How people answer questions about attributes, and what an answer says about the item they have in mind.

Legend: P attributes, E questions, m options of a question, S = 2**m + 1 states of an item, R responses.

A question names up to m attributes of one facet.  With respect to it an item is in one of S states: bit j of
states 0 .. 2**m - 1 says that the item has option j; the last state says that the facet is unknown for the item.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graph import question_kernels
from graph.catalogue import Catalogue

LOG_IMPOSSIBLE = -40.0
"""Log-likelihood of what cannot be.  Finite, so that contradictory answers rank items instead of losing them all."""

UNKNOWN_DONT_KNOW = 0.95
"""How often people do not know either what the catalogue does not know.  The more often, the better the belief is
calibrated for simulated users, who never do; a certain 1 would lose an item of which somebody knows more."""

FloatArray = NDArray[np.float64]


class Answer(IntEnum):
    """What is said about one option of a question."""

    NO = 0
    YES = 1
    DONT_KNOW = 2
    DONT_CARE = 3
    UNSAID = 4
    """Another option was named instead, so nothing is known about this one."""
    SORT_OF = 5
    """It holds somewhat: a graded answer."""


N_ANSWERS = len(Answer)
"""Columns of a table indexed by :class:`Answer`; nobody says ``UNSAID``, whose column is zero."""


class QuestionMode(IntEnum):
    """How many options a question names, and how many of them may be picked."""

    BINARY = 1
    """One attribute: yes or no."""
    FACET = 2
    """Up to four options of one facet and "none of these": the user names one that holds."""
    MULTI = 3
    """The same options: the user picks all that hold."""

    @property
    def n_options(self) -> int:
        return 1 if self is QuestionMode.BINARY else 4


def option_bits(n_options: int) -> NDArray[np.bool_]:
    """Which options hold in each state in which the facet is known, shape (2**m, m)."""
    return (np.arange(2**n_options)[:, None] >> np.arange(n_options) & 1).astype(bool)


def option_states(n_options: int) -> NDArray[np.intp]:
    """What each state says of each option: 0 lacks, 1 has, 2 unknown; shape (S, m)."""
    return np.concatenate([option_bits(n_options).astype(np.intp), np.full((1, n_options), 2)])


@dataclass(frozen=True)
class AnswerModel:
    """Probability of each answer given the item, attribute by attribute."""

    miss: FloatArray
    """Chance that an attribute the item has seems to be lacking, shape (P,)."""
    false_alarm: FloatArray
    """Chance that an attribute the item lacks seems to hold, shape (P,)."""
    dont_know: FloatArray
    """Chance of "I don't know" where the facet is known for the item, shape (P,)."""
    dont_care: FloatArray
    """Chance of "I don't care", shape (P,)."""
    unknown_dont_know: FloatArray
    """Chance of "I don't know" where the facet is unknown for the item, shape (P,)."""
    sort_of_has: FloatArray
    """Chance that who speaks says "sort of" instead of yes or no where the item has the attribute, shape (P,)."""
    sort_of_lacks: FloatArray
    """The same where the item lacks it; where the facet is unknown, the two are mixed by ``rate``, shape (P,)."""
    rate: FloatArray
    """Share of items with the attribute among those whose facet is known: P(yes) where it is unknown, shape (P,)."""
    acceptance: float = 1.0
    """Chance that a list which holds the item is accepted."""
    critique_error: float = 0.0
    """Chance that "like this one, but older" is said although the item in mind is not older."""
    hears_no: bool = True
    """False to take a "no" as no evidence, as the published policies do."""
    otherwise: "AnswerModel | None" = None
    """How those answer who do not answer like this; None where everybody does."""
    doubt: float = 0.0
    """Chance beforehand that somebody is one of them."""
    if_vague: "AnswerModel | None" = None
    """By which "sort of" and "I don't care" are judged in place of this one; None for this one."""

    @classmethod
    def honest(cls, catalogue: Catalogue) -> "AnswerModel":
        """Truthful answers; where the catalogue does not know, people mostly do not know either."""
        return cls.equal(catalogue)

    @classmethod
    def equal(
        cls,
        catalogue: Catalogue,
        *,
        miss: float = 0.0,
        false_alarm: float = 0.0,
        dont_know: float = 0.0,
        dont_care: float = 0.0,
        sort_of_has: float = 0.0,
        sort_of_lacks: float = 0.0,
        acceptance: float = 1.0,
    ) -> "AnswerModel":
        """The same rates for every attribute; where the catalogue does not know, people mostly do not know either."""

        def everywhere(rate: float) -> FloatArray:
            return np.full(catalogue.n_attributes, rate)

        return cls(
            miss=everywhere(miss),
            false_alarm=everywhere(false_alarm),
            dont_know=everywhere(dont_know),
            dont_care=everywhere(dont_care),
            unknown_dont_know=everywhere(max(dont_know, UNKNOWN_DONT_KNOW)),
            sort_of_has=everywhere(sort_of_has),
            sort_of_lacks=everywhere(sort_of_lacks),
            rate=catalogue.attribute_rates,
            acceptance=acceptance,
        )

    def deaf_to_no(self) -> "AnswerModel":
        """The same model, for which a "no" says nothing."""
        return replace(self, hears_no=False)

    @cached_property
    def undoubted(self) -> "AnswerModel":
        """The same model of people who all answer like this; made once, so that its tables are."""
        return replace(self, otherwise=None, doubt=0.0)

    @cached_property
    def forgiven(self) -> "AnswerModel":
        """The same of people of whom it is doubted: being vague is no slip, and plain answers are judged as ever."""
        assert self.otherwise is not None
        return replace(self.undoubted, if_vague=forgiving(self.undoubted, self.otherwise))

    def _perceived(self, options: NDArray[np.int32]) -> FloatArray:
        """Chance that each option seems to hold where it is lacking, there, and unknown, shape (..., 3)."""
        return np.stack([self.false_alarm[options], 1 - self.miss[options], self.rate[options]], axis=-1)

    def _graded(self, options: NDArray[np.int32]) -> FloatArray:
        """Chance of "sort of" from who speaks where each option is lacking, there, and unknown, shape (..., 3)."""
        has, lacks, rate = self.sort_of_has[options], self.sort_of_lacks[options], self.rate[options]
        return np.stack([lacks, has, rate * has + (1 - rate) * lacks], axis=-1)

    @cached_property
    def _tables(self) -> FloatArray:
        """P(answer | lacks, has, unknown) of each attribute asked about alone, shape (P, 3, 6).

        What is found at index -1, which stands for no attribute, means nothing.
        """
        attributes = np.arange(len(self.miss), dtype=np.int32)
        table = np.zeros((len(attributes), 3, N_ANSWERS))
        perceived, graded = self._perceived(attributes), self._graded(attributes)
        silent_dk = np.stack([self.dont_know, self.dont_know, self.unknown_dont_know], axis=-1)
        silent_dc = np.minimum(self.dont_care[:, None], 1 - silent_dk)
        speaks = 1 - silent_dk - silent_dc
        plainly = speaks * (1 - graded)
        table[..., Answer.NO] = plainly * (1 - perceived)
        table[..., Answer.YES] = plainly * perceived
        table[..., Answer.SORT_OF] = speaks * graded
        table[..., Answer.DONT_KNOW] = silent_dk
        table[..., Answer.DONT_CARE] = silent_dc
        return table

    def log_likelihood(
        self,
        options: NDArray[np.int32],
        answers: NDArray[np.int8],
        naming: NDArray[np.bool_],
        confidence: NDArray[np.float32] | None = None,
    ) -> FloatArray:
        """Log-probability of the answers to each question in every state of an item.

        An answer that was not understood says nothing: its likelihood is the mean over the known states, in all of
        them.  "Sort of" to an option of a facet question is taken as if that option alone had been asked about.

        :param options: attributes asked about, all of one facet, shape (E, m), -1 where there are fewer.
        :param answers: :class:`Answer` to each option, shape (E, m); ``UNSAID`` beside a ``YES`` or a ``SORT_OF`` where
            one was named.
        :param naming: True for facet questions, which are answered as a whole, shape (E,).
        :param confidence: chance that each answer was understood, in [0, 1], shape (E,); None for certainty.
        :return: shape (E, S), never below m times :data:`LOG_IMPOSSIBLE`.
        """
        logs = self._log_heard(options, answers, naming)
        if self.if_vague is not None:
            vague = ((answers == Answer.SORT_OF) | (answers == Answer.DONT_CARE)).any(axis=1)
            logs[vague] = self.if_vague._log_heard(options[vague], answers[vague], naming[vague])
        return logs if confidence is None else _doubted(logs, confidence.astype(np.float64))

    def _log_heard(
        self, options: NDArray[np.int32], answers: NDArray[np.int8], naming: NDArray[np.bool_]
    ) -> FloatArray:
        logs = np.empty((len(options), 2 ** options.shape[1] + 1))
        whole = naming & ~(answers == Answer.SORT_OF).any(axis=1)
        for chosen, log_heard in ((whole, self._log_named), (~whole, self._log_picked)):
            if chosen.any():
                logs[chosen] = log_heard(options[chosen], answers[chosen])
        return logs

    def _log_named(self, options: NDArray[np.int32], answers: NDArray[np.int8]) -> FloatArray:
        named = answers == Answer.YES
        nothing_named = ~named.any(axis=1)
        whole = np.maximum(answers[:, 0] - 1, 0)  # none of these, don't know or don't care, about all options alike
        response = np.where(nothing_named, options.shape[1] + whole, named.argmax(axis=1))
        likelihood = np.take_along_axis(self.naming_channel(options), response[:, None, None], axis=2)
        logs = floored_log(likelihood[..., 0])
        if not self.hears_no:
            logs[nothing_named & (whole == 0)] = 0.0
        return logs

    def _log_picked(self, options: NDArray[np.int32], answers: NDArray[np.int8]) -> FloatArray:
        n_options = options.shape[1]
        states = option_states(n_options)
        tables = self._tables[options]
        likelihood = np.take_along_axis(tables, answers.astype(np.intp)[:, :, None, None], axis=3)[..., 0]  # (E, m, 3)
        logs = floored_log(likelihood)
        silent = (options < 0) | (answers == Answer.UNSAID)
        if not self.hears_no:
            silent |= answers == Answer.NO
        logs[silent] = 0.0
        return logs[:, np.arange(n_options)[None, :], states].sum(axis=-1)  # (E, S)

    @cached_property
    def binary_channel(self) -> tuple[FloatArray, FloatArray]:
        """What is said in each state of a question about one attribute, and the noise in it, shape (P, 3).

        P(no), P(yes) and, where it can happen, P(sort of), shape (P, 3, 2 or 3); states are lacks, has, unknown, and
        what is left over is silence.  Noise is the entropy of the answer, in bits.
        """
        spoken = self._spoken(self._tables)
        silence = np.maximum(1.0 - spoken.sum(axis=-1, keepdims=True), 0.0)
        return np.ascontiguousarray(spoken), entropy_bits(np.concatenate([spoken, silence], axis=-1))

    @cached_property
    def binary_surprises(self) -> FloatArray:
        """See :func:`graph.question_kernels.surprises`, shape (U, P, 3)."""
        return np.asarray(question_kernels.surprises(self.binary_channel[0]))

    @staticmethod
    def _spoken(tables: FloatArray) -> FloatArray:
        """The columns of ``tables`` (..., 6) for no, yes and, where it can happen, "sort of", as a copy."""
        graded = bool(tables[..., Answer.SORT_OF].any())
        return tables[..., [Answer.NO, Answer.YES, Answer.SORT_OF] if graded else [Answer.NO, Answer.YES]]

    def naming_channel(self, options: NDArray[np.int32]) -> FloatArray:
        """P(response | state) of a facet question: one option named, none of these, or silence about all of it.

        The user sees each option through their own error, then names one of those that seem to hold, all alike;
        they are as silent as about its options on average.  "Sort of", which names no option, is left out.

        :param options: shape (E, m), -1 where there are fewer.
        :return: shape (E, S, m + 3); responses are the m options, "none of these", "don't know" and "don't care".
        """
        n_options = options.shape[1]
        present = (options >= 0)[:, :, None]
        perceive = np.where(present, self._perceived(options), 0.0)
        silence = self._tables[options][..., Answer.DONT_KNOW : Answer.UNSAID]
        silence = np.where(present[..., None], silence, 0.0).sum(axis=1)
        silence /= np.maximum(present.sum(axis=1), 1)[..., None]  # (E, 3, 2)
        bits, states = option_bits(n_options), option_states(n_options)
        yes = perceive[:, np.arange(n_options)[None, :], states]  # (E, S, m)
        seen = np.where(bits[None, None], yes[:, :, None, :], 1 - yes[:, :, None, :]).prod(axis=-1)  # (E, S, 2**m)
        naming = np.concatenate(
            [bits / np.maximum(bits.sum(axis=1, keepdims=True), 1), ~bits.any(axis=1, keepdims=True)], axis=1
        )
        silent = np.concatenate([np.repeat(silence[:, :1], len(bits), axis=1), silence[:, 2:]], axis=1)
        speaks = np.maximum(1 - silent.sum(axis=-1, keepdims=True), 0.0)
        return np.concatenate([speaks * (seen @ naming), silent], axis=2)

    def picking_channel(self, options: NDArray[np.int32]) -> FloatArray:
        """P(response | state) of a binary or multi question: yes, no, "sort of" or silence about each option.

        :param options: shape (E, m), -1 where there are fewer.
        :return: shape (E, S, R), R = 2**m, or 3**m or 4**m where "sort of" and silence can happen.
        """
        absent = options < 0
        tables = self._tables[options]
        tables[absent] = np.eye(N_ANSWERS)[Answer.NO]
        silence = tables[..., Answer.DONT_KNOW : Answer.UNSAID].sum(axis=-1, keepdims=True)
        spoken = self._spoken(tables)
        choices = np.concatenate([spoken, silence], axis=-1) if silence.any() else spoken  # (E, m, 3, 2 to 4)
        n_options = options.shape[1]
        states = option_states(n_options)
        channel = np.ones((len(options), len(states), 1))
        for place in range(n_options):
            answers = choices[:, place][:, states[:, place]]  # (E, S, 2 to 4)
            channel = (channel[..., None] * answers[:, :, None, :]).reshape(len(options), len(states), -1)
        return channel


def forgiving(honest: AnswerModel, other: AnswerModel) -> AnswerModel:
    """Honest people who say "sort of" and "I don't care" as often as the others: no slips, and no loss of trust."""
    names = "dont_care", "sort_of_has", "sort_of_lacks"
    return replace(honest, **{name: np.maximum(getattr(honest, name), getattr(other, name)) for name in names})


def _doubted(logs: FloatArray, confidence: FloatArray) -> FloatArray:
    """Log-likelihoods (E, S) of answers that may not have been understood; the confidence has shape (E,)."""
    unsure = confidence < 1
    heard, certain = logs[unsure], confidence[unsure, None]
    uninformative = np.logaddexp.reduce(heard[:, :-1], axis=1, keepdims=True) - np.log(heard.shape[1] - 1)
    with np.errstate(divide="ignore"):  # a confidence of zero
        logs[unsure] = np.logaddexp(np.log(certain) + heard, np.log1p(-certain) + uninformative)
    return logs


def floored_log(probability: FloatArray) -> FloatArray:
    """Logarithm, but never below :data:`LOG_IMPOSSIBLE`."""
    return np.log(np.maximum(probability, np.exp(LOG_IMPOSSIBLE)))


def answer_information(state_masses: FloatArray, channel: FloatArray) -> FloatArray:
    """Expected drop of belief entropy from one answer, in bits.

    The entropy of the answer minus the noise left in it once the item is known (mutual information).

    :param state_masses: belief in each state, shape (..., S), each row summing to one.
    :param channel: P(response | state), shape (..., S, R).
    :return: shape (...), >= 0.
    """
    response = (state_masses[..., None, :] @ channel)[..., 0, :]
    noise = (state_masses * entropy_bits(channel)).sum(axis=-1)
    return np.maximum(entropy_bits(response) - noise, 0.0)


def entropy_bits(probability: FloatArray) -> FloatArray:
    """Entropy along the last axis, in bits."""
    return -(probability * np.log2(np.maximum(probability, 1e-300))).sum(axis=-1)
