"""A command whose flags may also be set in the environment, or once and for all in a settings file."""

from collections.abc import Mapping
from typing import Any

import rich_click as click
from click import BadParameter

from convrec.settings import FILE_NAME, Settings
from graph.errors import OptionError


class ConfiguredCommand(click.RichCommand):
    """Flags over environment (``CONVREC_SERVE_DATA``) over the command's table in the settings files (``[serve]``)."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> click.Context:
        """Read the environment and the files before the flags.

        :raises OptionError: when a file sets what is no flag, or sets a flag to what it cannot be.
        """
        assert self.name is not None
        for name, flag in self._flags.items():
            own = name not in Settings.model_fields  # what is a setting of all commands has a variable already
            flag.envvar = f"CONVREC_{self.name}_{name}".upper().replace("-", "_") if own else None
        extra["default_map"] = self._in_files(getattr(Settings(), self.name))
        return super().make_context(info_name, args, parent, **extra)

    @property
    def _flags(self) -> dict[str, click.Parameter]:
        """Flags by their names, without the dashes."""
        return {max(each.opts, key=len).removeprefix("--"): each for each in self.params}

    def _in_files(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """What the files set, by the names of parameters."""
        context, found, flags = click.Context(self), dict[str, Any](), self._flags
        for name, value in table.items():
            flag, place = flags.get(name), f"{FILE_NAME}: {self.name}.{name}"
            if flag is None or flag.name is None:
                raise OptionError(f"{place}: no flag of convrec {self.name}; choose from {', '.join(flags)}")
            if name in Settings.model_fields:
                raise OptionError(f"{place}: stands at the top of the file, outside [{self.name}]")
            several = isinstance(flag, click.Option) and flag.multiple
            given = [value] if several and not isinstance(value, list) else value
            if any(isinstance(each, list | dict) for each in (given if several else [given])):
                raise OptionError(f"{place}: {'a list of words' if several else 'one value'} is wanted, found {value}")
            try:
                flag.type_cast_value(context, given)
            except BadParameter as error:
                raise OptionError(f"{place}: {error.message}") from error
            found[flag.name] = given
        return found
