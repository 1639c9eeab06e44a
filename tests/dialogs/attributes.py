"""Catalogues of one attribute."""

import numpy as np

from graph.catalogue import Catalogue, Facet
from graph.csr import CSR


def catalogue_of(facet: str, name: str) -> Catalogue:
    """One item with one attribute."""
    return Catalogue(
        item_ids=np.array([1]),
        titles=("It",),
        years=np.array([0], dtype=np.int16),
        popularity=np.ones(1, dtype=np.float32),
        facets=(Facet(facet),),
        attribute_ids=np.array([1]),
        attribute_names=(name,),
        attribute_facet=np.array([0], dtype=np.int16),
        item_attributes=CSR.from_pairs([0], [0], 1, 1),
    )
