"""``convrec bench added-items``: what was added by a file is found as well as what agents were trained with."""

from itertools import product
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import rich_click as click
from rich import box
from rich.table import Table

from convrec.cli import examples
from convrec.run_options import RunOptions, check_output, console, load_dataset, notices
from convrec.settings import Settings
from convrec.yardstick import write_figures
from graph.errors import OptionError

if TYPE_CHECKING:
    from convrec.added_items_measures import AddedFigures, Figures
    from graph.dataset import Dataset

LEAST_RATIO = 0.9
"""SR of added items over SR of known ones that has to be reached."""


@click.command(
    name="added-items",
    epilog=examples(
        "convrec bench added-items", "convrec bench added-items --withheld 200 --dialogues 400 --practice 300"
    ),
)
@click.option("--data", default="movies-all", show_default=True, help="Data set without users.")
@click.option("--withheld", type=click.IntRange(2, 1_000_000), default=1000, show_default=True,
              help="Items that no training meets.")  # fmt: skip
@click.option("--practice", type=click.IntRange(30, 1_000_000), default=1500, show_default=True,
              help="Dialogues that the agent practises with; each costs some 0.4 seconds.")  # fmt: skip
@click.option("--agent", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Keep the agent here, or take the one that is here; by default in the cache.")  # fmt: skip
@click.option("--dialogues", type=click.IntRange(10, 1_000_000), default=4000, show_default=True,
              help="Dialogues of each row about added items, and as many about known ones.")  # fmt: skip
@click.option("--users", multiple=True, default=("classic", "mixture"), show_default=True, metavar="KIND",
              help="Kind of simulated user, as often as wanted.")  # fmt: skip
@click.option("--questions", multiple=True, type=click.Choice(["binary", "facet", "multi"]),
              default=("binary", "facet"), show_default=True, help="As often as wanted.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, other items.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), metavar="FILE", help="Write figures here.")
def added_items(
    data: str, withheld: int, practice: int, agent: Path | None, dialogues: int, users: tuple[str, ...],
    questions: tuple[str, ...], seed: int, json_path: Path | None,
) -> None:  # fmt: skip
    """Withhold items from all training, add them by a file, and look for them in dialogue.

    Each is matched to an item that was there all along, with as many attributes and much as sought; people look for
    both equally often. Beside them stands a fake: items whose facts in the file are those of another. SR is the share
    found within 15 turns, AT the turns it took.
    """
    check_output(json_path, "--json")
    for kind in users:
        RunOptions(data, "hybrid", kind, "binary", 15, "keep").check_names()
    dataset = load_dataset(data)
    if not dataset.anonymous:
        raise OptionError(f"--data {data}: has users, whose history would tell of the items; name one without, such as "
                          "movies-all")  # fmt: skip
    if 2 * withheld > dataset.catalogue.n_items:
        raise OptionError(f"--withheld {withheld}: {data} has {dataset.catalogue.n_items:,} items; withhold fewer")
    # PyTorch takes seconds to load.
    from convrec import added_items_measures as measures

    world = measures.draw_world(dataset, withheld, seed)
    folder = _folder(agent, world.rest, practice, seed)
    minutes = _train(world.rest, data, questions, practice, seed, folder)
    before = measures.hash_of_files(folder)
    found = []
    for kind, mode, policy in product(users, questions, ("bayes", "unified")):
        with notices.status(f"{policy}, {kind} users, {mode} questions"):
            found.append(measures.measure(world, policy, kind, mode, dialogues, seed, folder))
    catalogue = world.grown.catalogue
    about = {
        "data": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "withheld": withheld,
        "seed": seed,
        "of the added": measures.facts_of(catalogue, world.added),
        "of the known": measures.facts_of(catalogue, world.known),
        "of all": measures.facts_of(catalogue, range(catalogue.n_items)),
        "seconds to add": world.seconds,
        "minutes to train": minutes,
        "practice dialogues": practice,
        "agent": before,
        "agent unchanged": measures.hash_of_files(folder) == before,
    }
    console.print(_table(found))
    console.print(f"{withheld:,} items were added in {world.seconds:.2f} s; nothing was trained: the agent is "
                  f"{'the same to the last bit' if about['agent unchanged'] else 'ANOTHER'}")  # fmt: skip
    if json_path is not None:
        write_figures(json_path, found, **about)


def _folder(agent: Path | None, rest: "Dataset", practice: int, seed: int) -> Path:
    if agent is not None:
        return agent
    folder = Settings().places().cache / "bench-agents"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"added-items-{rest.fingerprint}-{practice}-{seed}"


def _train(rest: "Dataset", data: str, questions: tuple[str, ...], practice: int, seed: int, folder: Path) -> float:
    """Train on what was not withheld, with the code of ``convrec train``, unless that has been done.

    :return: minutes it took; 0 where it had been done.
    """
    from convrec.train_unified import train_unified
    from policy.unified.checkpoint import META
    from policy.unified.training import TrainingConfig

    if (folder / META).exists():
        return 0.0
    config = TrainingConfig(
        rounds=1, dialogues=practice, valid_dialogues=max(practice // 5, 30), rate_dialogues=max(practice, 60),
        seed=seed,
    )  # fmt: skip
    began = perf_counter()
    train_unified(
        RunOptions(data, "hybrid", "mixture", questions[0], 15, "keep"), questions, config, folder, dataset=rest
    )
    return (perf_counter() - began) / 60


def _table(found: "list[AddedFigures]") -> Table:
    caption = (
        f"Bar: ratio {LEAST_RATIO:g}. Of all added items alike; in brackets, each as often as it is sought. Fake: the "
        "file gives each the facts of another."
    )
    table = Table(box=box.SIMPLE_HEAD, title="Added items beside known ones", title_justify="left", pad_edge=False,
                  caption=caption, caption_justify="left", padding=(0, 1, 0, 0))  # fmt: skip
    for place, heading in enumerate(
        ("users", "questions", "policy", "SR %\nadded", "SR %\nknown", "ratio", "AT\nadded", "AT\nknown", "fake\nSR %")
    ):
        table.add_column(heading, justify="left" if place < 3 else "right")
    for each in found:
        table.add_row(each.users, each.questions, each.policy, *_cells(each.uniform, each.sought))
    return table


def _cells(uniform: "Figures", sought: "Figures") -> list[str]:
    percent = (
        f"{100 * one[0]:.1f}\n({100 * other[0]:.1f})"
        for one, other in ((uniform.sr_added, sought.sr_added), (uniform.sr_known, sought.sr_known))
    )
    low, high = uniform.ratio[1:]
    ratio = f"{uniform.ratio[0]:.3f}\n[{low:.3f}, {high:.3f}]\n({sought.ratio[0]:.3f})"
    turns = (
        f"{one[0]:.2f}\n({other[0]:.2f})"
        for one, other in ((uniform.at_added, sought.at_added), (uniform.at_known, sought.at_known))
    )
    return [*percent, ratio, *turns, f"{100 * uniform.sr_misled[0]:.1f}\n({100 * sought.sr_misled[0]:.1f})"]
