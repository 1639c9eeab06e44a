"""A data set that items were added to, and what it was before."""

from dataclasses import replace

from graph.catalogue import Catalogue
from graph.csr import CSR
from graph.dataset import Ancestor, Dataset


def before_growth(dataset: Dataset, ancestor: Ancestor) -> Dataset | None:
    """The data set as it was before, to the last edge; None where it cannot be had from this one.

    So what was learned then may serve now.  It may not in a rehearsal: there the history is shorter, and what was
    learned from the whole of it has seen what is asked.
    """
    catalogue = dataset.catalogue
    if not (0 < ancestor.n_items <= catalogue.n_items and 0 <= ancestor.n_attributes <= catalogue.n_attributes):
        return None
    if (dataset.interactions.items >= ancestor.n_items).any():
        return None
    cut = _first(catalogue, ancestor.n_items, ancestor.n_attributes)
    if cut is None:
        return None
    history = replace(dataset.interactions, n_items=ancestor.n_items)
    found = replace(dataset, name=ancestor.name, catalogue=cut, interactions=history)
    return found if found.fingerprint == ancestor.fingerprint else None


def _first(catalogue: Catalogue, n_items: int, n_attributes: int) -> Catalogue | None:
    """The first items with the first attributes; None where one of them has another attribute."""
    edges = catalogue.item_attributes
    indptr = edges.indptr[: n_items + 1]
    indices = edges.indices[: indptr[-1]]
    if (indices >= n_attributes).any():
        return None
    return replace(
        catalogue,
        item_ids=catalogue.item_ids[:n_items],
        titles=catalogue.titles[:n_items],
        years=catalogue.years[:n_items],
        popularity=catalogue.popularity[:n_items],
        attribute_ids=catalogue.attribute_ids[:n_attributes],
        attribute_names=catalogue.attribute_names[:n_attributes],
        attribute_facet=catalogue.attribute_facet[:n_attributes],
        item_attributes=CSR(indptr, indices, n_attributes),
        recorded=None if catalogue.recorded is None else catalogue.recorded[:n_items],
        item_keys=None if catalogue.item_keys is None else catalogue.item_keys[:n_items],
        texts=None if catalogue.texts is None else catalogue.texts[:n_items],
    )
