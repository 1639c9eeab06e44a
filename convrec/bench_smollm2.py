"""What making SmolLM2 quick has brought: plain and quick replies take turns."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from rich.progress import track

from convrec.run_options import notices
from graph.catalogue import Catalogue

if TYPE_CHECKING:
    from dialogs.generation.protocol import ReplyGenerator
    from dialogs.generation.smollm2.plain import Plain

PAIRS = 20
"""Replies of each."""


@dataclass(frozen=True)
class Quickening:
    """Medians of replies that took turns on one core."""

    pairs: int
    plain_seconds: float
    """One try with transformers, exact weights, everything read anew."""
    quick_seconds: float
    """A verified reply, of a kind that has been said before."""
    first_seconds: float
    """A verified reply, of a kind that is said for the first time."""
    times_faster: float
    """Plain over quick."""
    times_faster_first: float
    """Plain over the first of a kind."""
    plain_first_try: float
    """Share of plain replies that the verifier would let pass."""

    def __str__(self) -> str:
        return (
            f"plain {self.plain_seconds:.2f} s, quick {self.quick_seconds:.2f} s ({self.times_faster:.1f} times "
            f"faster), first of a kind {self.first_seconds:.2f} s ({self.times_faster_first:.1f} times); plain replies "
            f"pass {self.plain_first_try:.0%} of the time; {self.pairs} of each"
        )


def quickening(catalogue: Catalogue, cache: Path, seed: int, pairs: int = PAIRS) -> Quickening:
    """Let a plain and a quick generator say the same things in turn.

    :param cache: folder with the weights.
    """
    import torch

    from dialogs.generation import registry
    from dialogs.generation.smollm2.places import folder_in
    from dialogs.generation.smollm2.plain import Plain

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return compare(catalogue, Plain(folder_in(cache)), registry.make("smollm2", cache), seed, pairs)
    finally:
        torch.set_num_threads(threads)


def compare(catalogue: Catalogue, plain: "Plain", quick: "ReplyGenerator", seed: int, pairs: int) -> Quickening:
    """Measure two that were made already."""
    from dialogs.generation.examples import requests
    from dialogs.generation.speaker import Speaker
    from dialogs.generation.verifier import problems

    speaker, seen = Speaker(catalogue, quick), set[str]()
    spent: dict[str, list[float]] = {"plain": [], "quick": [], "first": []}
    passed = 0
    asked = requests(catalogue, pairs, seed)
    for number, request in enumerate(track(asked, "plain and quick", pairs, console=notices, transient=True)):
        began = perf_counter()
        text = plain.reply(request, seed + number)
        spent["plain"].append(perf_counter() - began)
        passed += not problems(text, request)
        for _ in range(1 if request.kind in seen else 2):
            began = perf_counter()
            speaker.say_one(request, seed + number)
            spent["quick" if request.kind in seen else "first"].append(perf_counter() - began)
            seen.add(request.kind)
    middle = {name: float(np.median(each)) for name, each in spent.items()}
    return Quickening(
        pairs, middle["plain"], middle["quick"], middle["first"], middle["plain"] / middle["quick"],
        middle["plain"] / middle["first"], passed / pairs,
    )  # fmt: skip
