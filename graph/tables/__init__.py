"""A person's own catalogue, brought as tables: read, checked, made into a data set, and reported on."""

from graph.tables.importing import import_table
from graph.tables.options import TableOptions
from graph.tables.report import ImportReport

__all__ = ["ImportReport", "TableOptions", "import_table"]
