"""What a person may say about their tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TableOptions:
    """How tables are to be read."""

    encoding: str = "utf-8"
    """How text is written as bytes."""
    called: Mapping[str, str] = field(default_factory=dict)
    """What the tables call their columns, by role: ``{"title": "product name"}``."""
    facets: Sequence[str] = ()
    """Columns that are facets; all that are of use where none are named."""
    orders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values of facets with an order, first to last, by column."""
    separator: str = "|"
    """What stands between the values of a cell that has several."""
    least_items: int = 2
    """Items that must share a value before it is an attribute; one that a single item has would name the item."""
    liked_from: float | None = None
    """The lowest rating that says that something is liked; three quarters up the scale where None."""
    noun: str = "item"
    """What one item is called."""
    licence: str = "not stated; ask whoever made the tables"
    """What may be done with the data."""
