"""Items as short codes of what is written about them, with a learned table behind the codes that goes elsewhere too.

``ItemCoder`` makes codes of embeddings, ``CodeTable`` makes item vectors of codes, ``Codebook`` is both together and
can be kept and applied to other catalogues (docs/item-codes.md).  This package knows embeddings and likes as arrays;
texts and data sets are the business of :mod:`graph.affinity.signals.coded`.
"""

from graph.item_codes.codebook import Codebook, Origin
from graph.item_codes.coder import ItemCoder
from graph.item_codes.table import CodeTable

__all__ = ["CodeTable", "Codebook", "ItemCoder", "Origin"]
