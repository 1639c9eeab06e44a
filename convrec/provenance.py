"""Where a result comes from: the command, the commit, the machine."""

import platform
import shlex
import subprocess
import sys
from pathlib import Path


def command_line() -> str:
    """The command as it can be given again: "convrec evaluate --data lastfm"."""
    return shlex.join(["convrec", *sys.argv[1:]])


def commit() -> str | None:
    """The commit of the checkout the code runs from, with "+" when the code differs; None outside a checkout."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root)]
    try:
        head = _say([*git, "rev-parse", "--short=12", "HEAD"])
        changed = _say([*git, "status", "--porcelain", "--", ":/", *RECORDED])
    except (OSError, subprocess.CalledProcessError):
        return None
    return head + ("+" if changed else "")


def _say(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


RECORDED = (":(exclude,top)results", ":(exclude,top)docs")
"""What recording writes: it says nothing about the code."""


def device() -> str:
    """What the figures were computed on, without anything that names the machine."""
    return f"cpu ({platform.machine()}, {platform.system()}, Python {platform.python_version()})"
