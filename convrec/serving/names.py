"""Items and attributes by names that last: what buttons, metadata and trackers carry instead of places."""

from functools import cached_property

from graph.catalogue import Catalogue


class Names:
    """Names of a catalogue, and back."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def of_item(self, item: int) -> str:
        """The data set's own id."""
        return str(self._catalogue.item_key(item))

    def of_attribute(self, attribute: int) -> str:
        """Facet and value, such as "genre: Comedy"."""
        return self._catalogue.describe_attribute(attribute)

    def item(self, name: object) -> int | None:
        """Place of an item; None where there is none of this id."""
        return self._items.get(name if isinstance(name, str) else str(name))

    def attribute(self, name: object) -> int | None:
        """Place of an attribute; None where there is none of this name."""
        return self._attributes.get(name) if isinstance(name, str) else None

    @cached_property
    def _items(self) -> dict[str, int]:
        return {self.of_item(item): item for item in range(self._catalogue.n_items)}

    @cached_property
    def _attributes(self) -> dict[str, int]:
        # Backwards, so that the first of several of one name is the one that is meant.
        places = reversed(range(self._catalogue.n_attributes))
        return {self.of_attribute(attribute): attribute for attribute in places}
