"""Where data lie on this machine: the user's cache, and the folder of benchmark data when there is one."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from graph.errors import DataError


@dataclass(frozen=True)
class Places:
    """The two folders data are read from; only the first is ever written to."""

    cache: Path
    """What was fetched, imported or built; made when first needed."""
    shared: Path | None = None
    """Benchmark data laid out as ``data/mcr/lastfm`` and the like; None when this machine has none."""

    @classmethod
    def from_environment(cls) -> "Places":
        """Read ``CONVREC_CACHE`` and ``CONVREC_SHARED``; else the user's cache, and ``shared`` beside the checkout.

        :raises DataError: when ``CONVREC_SHARED`` names something that is not a folder.
        """
        cache = os.environ.get("CONVREC_CACHE")
        shared = os.environ.get("CONVREC_SHARED")
        if shared and not expand_home(shared, "CONVREC_SHARED").is_dir():
            raise DataError(
                f"CONVREC_SHARED: {shared} is not a folder; set it to the folder that holds data/mcr, or unset it"
            )
        beside = Path(__file__).resolve().parents[2] / "shared"
        return cls(
            cache=expand_home(cache, "CONVREC_CACHE") if cache else Path(platformdirs.user_cache_dir("convrec")),
            shared=expand_home(shared, "CONVREC_SHARED") if shared else beside if beside.is_dir() else None,
        )

    @property
    def datasets(self) -> Path:
        """One folder for each data set that was built or imported."""
        return self.cache / "datasets"


def expand_home(path: str, where: str) -> Path:
    """A path with ``~`` written out.

    :param where: what named the path, for the message.
    :raises DataError: when it cannot be a path.
    """
    try:
        expanded = Path(path).expanduser()
        expanded.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{where}: {path[:80]!r} cannot be a path ({error}); name a folder"[:300]) from error
    return expanded
