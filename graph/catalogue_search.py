"""Find one item by what a person would call it."""

from rapidfuzz import fuzz, process

from graph.catalogue import Catalogue
from graph.errors import DataError

_SHOWN = 5
"""Names that fit in a message."""
_ALIKE = 75
"""Likeness, of 100, from which a title may be what was meant."""
_LONGEST_ID = 19
"""Digits from which a number may not fit into 64 bits."""


def find_item(catalogue: Catalogue, wanted: str) -> int:
    """Place of an item, by its own id, its title, or its title and year ("Heat (1995)"); case does not matter.

    What can be an id is one where there is such an id, and a title otherwise.

    :raises DataError: when no item is called so, with what is near; or when several are, with their ids.
    """
    text = " ".join(wanted.split()).casefold()
    if catalogue.item_keys is not None:
        if wanted in catalogue.item_keys:
            return catalogue.item_keys.index(wanted)
        alike_but_for_case = [place for place, key in enumerate(catalogue.item_keys) if key.casefold() == text]
        if len(alike_but_for_case) == 1:
            return alike_but_for_case[0]
    elif text.isascii() and text.isdigit() and len(text) < _LONGEST_ID:
        for place in (catalogue.item_ids == int(text)).nonzero()[0]:
            return int(place)
    described = [catalogue.describe_item(item) for item in range(catalogue.n_items)]
    for names in (described, catalogue.titles):
        found = [item for item, name in enumerate(names) if " ".join(name.split()).casefold() == text]
        if len(found) == 1:
            return found[0]
        if found:
            listed = "; ".join(f"{described[item]} is {catalogue.item_key(item)}" for item in found[:_SHOWN])
            raise DataError(f"{len(found)} items are called {wanted!r}; say which by id: {listed}")
    folded = {name.casefold(): place for place, name in enumerate(catalogue.titles)}
    alike = process.extract(text, list(folded), scorer=fuzz.WRatio, limit=_SHOWN, score_cutoff=_ALIKE)
    near = [described[folded[name]] for name, *_ in alike]
    hint = f"did you mean {', '.join(near)}?" if near else "give an id or a title as the data set writes it"
    raise DataError(f"no item {wanted!r} here; {hint}")
