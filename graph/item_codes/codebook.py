"""What travels to another catalogue: a coder, the table behind its codes, and where both were learned.

Legend: V items, U users, E dimensions of an embedding, M groups, D dimensions of a vector.
"""

from dataclasses import dataclass, replace

from graph.csr import CSR
from graph.item_codes.coder import Codes, FloatArray, ItemCoder
from graph.item_codes.learning import Advance, LearningConfig, learn_table
from graph.item_codes.table import CodeTable


@dataclass(frozen=True)
class Origin:
    """Where a codebook was learned, and where it has been since."""

    data: str
    """Name of the data set that coder and table were learned on."""
    fingerprint: str
    """Of that data set."""
    licence: str
    """What may be done with the codebook, in words: that of every data set that it was learned on."""
    seed: int
    home: str
    """Name of the data set whose mean the coder has: its items are coded as they were when the codebook was made."""
    adapted: tuple[str, ...] = ()
    """Names of the data sets that the table was adapted to, in order."""


@dataclass(frozen=True)
class Codebook:
    """A coder with a table that fits its codes."""

    coder: ItemCoder
    table: CodeTable
    origin: Origin

    @classmethod
    def learn(
        cls,
        embeddings: FloatArray,
        likes: CSR,
        origin: Origin,
        config: LearningConfig | None = None,
        advance: Advance = lambda share: None,
    ) -> "Codebook":
        """Learn both from one data set.

        :param embeddings: of its items, shape (V, E).
        :param likes: U rows, V columns.
        :raises OptionError: when there are no items, or nobody liked two of them.
        """
        coder = ItemCoder.fit(embeddings, origin.seed)
        table = learn_table(coder, coder.codes(embeddings), likes, origin.seed, config, advance)
        return cls(coder, table, origin)

    def at(self, data: str, embeddings: FloatArray) -> "Codebook":
        """The codebook for the catalogue of a data set: itself at home, elsewhere with the mean of those items.

        :param embeddings: of all its items, shape (V, E).
        :raises DataError: when the embeddings come of another model.
        """
        if data == self.origin.home:
            return self
        return replace(self, coder=self.coder.moved_to(embeddings), origin=replace(self.origin, home=data))

    def codes(self, embeddings: FloatArray) -> Codes:
        """Shape (V, M); see :meth:`graph.item_codes.coder.ItemCoder.codes`."""
        return self.coder.codes(embeddings)
