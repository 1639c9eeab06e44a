"""Kept dialogues by what a person calls them, and the tables at which they were held."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from convrec.run_options import load_dataset
from convrec.settings import Settings
from convrec.talk import Table, TalkOptions
from dialogs.acts_in_words import Names
from dialogs.transcripts import SUFFIX, Transcript, check_data, transcripts_in
from graph.dataset import Dataset
from graph.errors import ConvrecError, DataError, OptionError

LAST = "last"
"""What the dialogue that began last can be called."""


def folder_of(keep: Path | None) -> Path:
    """Where the dialogues lie.

    :param keep: what was asked for; None for the folder of the person's data.
    :raises OptionError: when it is not there though it was asked for.
    """
    if keep is not None and not keep.is_dir():
        raise OptionError(f"--keep {keep}: no such folder; name the one that convrec chat --keep wrote to")
    return keep or Settings().dialogs_folder()


def find_dialogue(folder: Path, name: str) -> Path:
    """The file of one dialogue: its name with or without the suffix, a path, or :data:`LAST`.

    :raises OptionError: when there is none, with what is near.
    """
    kept = transcripts_in(folder)
    if not kept and os.path.dirname(name) == "":  # noqa: PTH120
        raise OptionError(f"{name}: {folder} holds no dialogues; hold one: convrec chat, or name their folder: --keep")
    if name == LAST:
        return kept[-1]
    for path in (folder / name, folder / f"{name}{SUFFIX}", Path(name), Path(f"{name}{SUFFIX}")):
        if os.path.isfile(path):  # noqa: PTH113  # unlike Path.is_file, false for names that are too long
            return path
    near = difflib.get_close_matches(name, [path.name.removesuffix(SUFFIX) for path in kept], n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else "see: convrec dialogs list"
    raise OptionError(f"no dialogue {name!r} in {folder}; {hint}")


def chosen_dialogues(folder: Path, names: Sequence[str], everything: bool) -> list[Path]:
    """The files that were asked for, each once.

    :raises OptionError: when none was, or names and everything were.
    """
    if everything and names:
        raise OptionError("--all: takes every dialogue there is; leave it out, or the names")
    if everything:
        found = transcripts_in(folder)
        if not found:
            raise OptionError(f"--all: {folder} holds no dialogues; hold one: convrec chat")
        return found
    if not names:
        raise OptionError("no dialogue is named; name some, or say last or --all; see: convrec dialogs list")
    return list(dict.fromkeys(find_dialogue(folder, name) for name in names))


class Tables:
    """The tables at which dialogues were held, each laid once; who sits down changes nothing about a table.

    :param checkpoint: an agent to take in the place of those that led the dialogues.
    """

    def __init__(self, checkpoint: Path | None = None) -> None:
        self._checkpoint = checkpoint
        self._datasets: dict[str, Dataset | ConvrecError] = {}
        self._tables: dict[TalkOptions, Table] = {}

    def dataset_of(self, transcript: Transcript) -> Dataset:
        """What a dialogue was about.

        :raises DataError: when it is not here any more, or has changed, or lacks what is named in the dialogue.
        """
        header = transcript.header
        if header.data not in self._datasets:
            try:
                self._datasets[header.data] = load_dataset(header.data)
            except ConvrecError as error:
                self._datasets[header.data] = error
        found = self._datasets[header.data]
        if isinstance(found, ConvrecError):
            raise DataError(f"{transcript.path}: {found}") from found
        check_data(transcript, found.fingerprint, found.catalogue)
        return found

    def names_of(self, transcript: Transcript) -> Names:
        """What the items and attributes of a dialogue are called; as numbers where its data are not at hand."""
        try:
            return Names(self.dataset_of(transcript).catalogue)
        except DataError:
            return Names(None)

    def table_of(self, transcript: Transcript) -> Table:
        """Where a dialogue can be held again.

        :raises DataError: when data, policy, affinity or whoever it was held with are not here any more.
        """
        dataset, options = self.dataset_of(transcript), TalkOptions.of(transcript.header)
        if self._checkpoint is not None:
            options = replace(options, checkpoint=self._checkpoint)
        try:
            if options.of_table not in self._tables:
                self._tables[options.of_table] = Table(options.of_table, dataset=dataset)
            return self._tables[options.of_table].seat(options)
        except ConvrecError as error:
            raise DataError(f"{transcript.path}: {error}") from error
