"""What can be wrong with what we are given; every message says what, where and how to mend it."""


class ConvrecError(Exception):
    """The base of every error that bad input can cause: one clear line, exit code 2 on the command line."""


class DataError(ConvrecError):
    """A data set is unknown, missing, damaged, or breaks a rule of the graph."""


class FetchError(ConvrecError):
    """A data set could not be brought here from where it lives."""


class OptionError(ConvrecError):
    """A name or number given as an option is not one we know."""
