"""What an import made of the tables, for the person who brought them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from graph.tables.facets import FacetColumn
from graph.tables.table import Table, enumerated


@dataclass
class ImportReport:
    """Everything that a person may want to check, in the order it came up."""

    rows: list[tuple[str, int]] = field(default_factory=list)
    """Rows read of each file, by its name."""
    facets: list[FacetColumn] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    """What happened in a word or two ("merged", "left out", "refused", "cut"), and the rest of the line."""

    def note(self, heading: str, text: str) -> None:
        """Keep a line; an empty one is none."""
        if text:
            self.notes.append((heading, text))

    def remark(self, table: Table, unused: Sequence[str] = ()) -> None:
        """Keep what was odd about a table, and which of its columns say nothing to us."""
        for remark in table.remarks:
            self.note("note", f"{table.path.name}: {remark}")
        if unused:
            self.note("left out", f"{enumerated(unused)} of {table.path.name}: nothing is made of it here")
