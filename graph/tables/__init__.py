"""A person's own catalogue, brought as tables: read, checked, made into a data set, and reported on."""
