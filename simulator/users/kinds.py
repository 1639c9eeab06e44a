"""Every kind of user; a new one is a file beside these and a name in this list."""

from simulator.users.burst import BURST
from simulator.users.classic import CLASSIC
from simulator.users.cold_start import COLD_START
from simulator.users.critiquer import CRITIQUER
from simulator.users.deliberator import DELIBERATOR
from simulator.users.dont_care import DONT_CARE
from simulator.users.dont_know import DONT_KNOW
from simulator.users.impatient import IMPATIENT
from simulator.users.inconsistent import INCONSISTENT
from simulator.users.mind_changer import MIND_CHANGER
from simulator.users.mixture import HELD_OUT, MIXTURE
from simulator.users.multi_interest import MULTI_INTEREST
from simulator.users.nlu import NLU
from simulator.users.noisy import NOISY
from simulator.users.uneven import UNEVEN
from simulator.users.vague import VAGUE
from simulator.users.weak_reject import WEAK_REJECT

KINDS = {
    kind.name: kind
    for kind in (
        CLASSIC, MIXTURE, WEAK_REJECT, NOISY, DONT_KNOW, UNEVEN, DONT_CARE, VAGUE, MULTI_INTEREST, IMPATIENT, BURST,
        DELIBERATOR, CRITIQUER, COLD_START, MIND_CHANGER, INCONSISTENT, NLU,
    )
}  # fmt: skip
"""Kinds by name: the classic one, the training population and its parts, then those held out."""

__all__ = ["HELD_OUT", "KINDS"]
