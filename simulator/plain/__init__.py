"""One dialogue in plain Python: the protocol of :mod:`simulator.core`, written the straightforward way.

The yardstick of the batched core.  Tests hold both to the same words, beliefs, rewards and ends, and
``convrec bench simulator`` tells how much faster the batch is.  So it calls none of the code it is compared with: it
shares the catalogue's arrays, the rates of the answer model, names and constants, and writes out all else anew, in
floats, lists, sets and dictionaries.
"""

from simulator.plain.dialogue import PlainDialogue
from simulator.plain.talk import PlainStep

__all__ = ["PlainDialogue", "PlainStep"]
