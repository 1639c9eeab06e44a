"""Affinity: how well an item fits a user before the dialogue starts, as a calibrated log prior over items."""

from graph.affinity.profiles import ANONYMOUS, Histories, Profiles, Verdict
from graph.affinity.protocol import Affinity
from graph.affinity.registry import Report, check_name, fit, fit_or_load, names
from graph.affinity.rehearsals import rehearsal, rehearsals

__all__ = [
    "ANONYMOUS", "Affinity", "Histories", "Profiles", "Report", "Verdict", "check_name", "fit", "fit_or_load", "names",
    "rehearsal", "rehearsals",
]  # fmt: skip
