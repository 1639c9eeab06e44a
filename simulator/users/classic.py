"""The classic user of multi-round conversational recommendation."""

from simulator.people import Traits
from simulator.users.protocol import Kind


def _change(traits: Traits, number: float, keys: object) -> None:
    """Nothing: a person without traits is patient and truthful and has one item in mind."""


CLASSIC = Kind(
    "classic",
    "Open with one attribute of the item they have in mind, drawn uniformly, answer truthfully, say they don't know "
    "where the catalogue does not, and take the item whenever it is shown.",
    'The protocol of Lei et al., "Estimation-Action-Reflection" (WSDM 2020) and Deng et al., "Unified Conversational '
    'Recommendation Policy Learning" (SIGIR 2021).',
    _change,
)
