"""Affinity: how well an item fits a user before the dialogue starts, as a calibrated log prior over items."""

from graph.affinity.protocol import ANONYMOUS, Affinity
from graph.affinity.registry import Report, check_name, fit, names

__all__ = ["ANONYMOUS", "Affinity", "Report", "check_name", "fit", "names"]
