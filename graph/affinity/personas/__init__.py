"""Personas: the several tastes of one person, found by attention over what the person liked.

After Barkan, Fuchs, Caciularu and Koenigstein 2020, "Explainable recommendations via attentive multi-persona
collaborative filtering" (RecSys), with personas that are worked out from likes, so that nobody has to be learned.
"""

from graph.affinity.personas.encoder import PersonaEncoder, Personas
from graph.affinity.personas.labels import Label, PersonaLabels

__all__ = ["Label", "PersonaEncoder", "PersonaLabels", "Personas"]
