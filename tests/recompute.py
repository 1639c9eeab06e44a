"""Recompute every figure from a file of dialogues, with nothing of the package: an independent check of its metrics.

    python tests/recompute.py FILE [--turns 15]

FILE is what ``convrec evaluate --dialogues-out`` writes.  Success, turn and rank are read off the acts themselves and
compared with what the file claims.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FAILURE_TURNS = 15
CUT_OFF_STEPS = 60


def outcome(dialogue: dict[str, Any], turns: int) -> tuple[int, int]:
    """Turn and rank of the success, both 0 for a failure.

    :raises ValueError: when the dialogue breaks the protocol, or claims another outcome than its acts show.
    """
    acts = dialogue["turns"]
    spoken = [act for act in acts if act["act"] != "wait"]
    accepted = [number for number, act in enumerate(spoken, 1) if act.get("accepted")]
    turn = accepted[0] if accepted else 0
    rank = spoken[turn - 1]["items"].index(dialogue["item"]) + 1 if turn else 0
    shown = [item for act in spoken if act["act"] == "recommend" for item in act["items"]]
    asked = [attribute for act in spoken if act["act"] == "ask" for attribute in act["attributes"]]
    broken = {
        "more turns than allowed": len(spoken) > turns,
        "acts after the item was accepted": bool(turn) and (turn != len(spoken) or not acts[-1].get("accepted")),
        "a failure with turns left": not turn and len(spoken) < turns and len(acts) < CUT_OFF_STEPS,
        "the item was shown and not accepted": not turn and dialogue["item"] in shown,
        "an item was shown twice": len(set(shown)) < len(shown),
        "an attribute was asked about twice": len(set(asked)) < len(asked) or dialogue["opening"] in asked,
        "success_turn or rank differ from the acts": (turn or None, rank or None)
        != (dialogue["success_turn"], dialogue["rank"]),
    }
    for what, is_so in broken.items():
        if is_so:
            raise ValueError(f"{what}: {json.dumps(dialogue)}")
    return turn, rank


def gain(turn: int, rank: int) -> float:
    """hDCG of one dialogue; ``turn`` and ``rank`` count from 1, both 0 for a failure."""
    if not turn:
        return 0.0
    t = turn - 1
    return 1 / math.log2(t + 3) + (1 / math.log2(t + 2) - 1 / math.log2(t + 3)) / math.log2(rank + 1)


def recompute(lines: Iterable[str], turns: int = 15) -> dict[str, dict[str, Any]]:
    """Figures of each policy, in the order of the file."""
    outcomes: dict[str, list[tuple[int, int]]] = {}
    for line in lines:
        dialogue = json.loads(line)
        outcomes.setdefault(dialogue["policy"], []).append(outcome(dialogue, turns))
    return {policy: _figures(found) for policy, found in outcomes.items()}


def _figures(outcomes: list[tuple[int, int]]) -> dict[str, Any]:
    n = len(outcomes)
    return {
        "dialogues": n,
        "sr": {str(limit): sum(0 < turn <= limit for turn, _ in outcomes) / n for limit in (5, 10, 15)},
        "at": math.fsum(turn or FAILURE_TURNS for turn, _ in outcomes) / n,
        "hdcg": math.fsum(gain(turn, rank) for turn, rank in outcomes) / n,
    }


def main() -> None:
    """Print the figures of one file as JSON."""
    parser = argparse.ArgumentParser(description="Recompute every figure from a file of dialogues.")
    parser.add_argument("file", help="what convrec evaluate --dialogues-out wrote")
    parser.add_argument("--turns", type=int, default=15, help="turns the agent had (default: 15)")
    arguments = parser.parse_args()
    with Path(arguments.file).open(encoding="utf-8") as stream:
        json.dump(recompute(stream, arguments.turns), sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
