"""Debian's Chromium, and what is tried in it from npm: a widget, and axe, which finds what keeps people out."""

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs
import pytest

CHROMIUM = shutil.which("chromium")

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
"""Without these it calls home at every start."""

WIDE, PHONE = (1280, 800), (390, 844)

WIDGET = "rasa-webchat", "1.0.1", "lib/index.js", "bfedd788e4bd7df12f64b5bf2963e634f84bac1cb176b6cede60c507d3553f1e"
"""A chat widget that people use with Rasa: package, version, file, SHA-256."""

AXE = "axe-core", "4.14.1", "axe.min.js", "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"


def axe() -> str:
    """The script of axe-core."""
    return from_npm(*AXE).read_text(encoding="utf-8")


def from_npm(package: str, version: str, member: str, sha256: str) -> Path:
    """One file of a package, from npm the first time; skips where that cannot be had."""
    kept = platformdirs.user_cache_path("convrec-tests") / f"{package}-{version}{Path(member).suffix}"
    if not kept.exists():
        if shutil.which("npm") is None:
            pytest.skip(f"npm is missing, and with it {package}")
        with TemporaryDirectory() as folder:
            command = ["npm", "pack", "--silent", f"{package}@{version}", "--pack-destination", folder]
            if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode != 0:
                pytest.skip(f"{package} cannot be had from npm")
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as packed:
                script = packed.extractfile(f"package/{member}")
                assert script is not None
                content = script.read()
        assert hashlib.sha256(content).hexdigest() == sha256
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    return kept
