"""The page in Debian's Chromium, and axe, which finds what keeps people out."""

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

AXE_VERSION = "4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of axe.min.js."""


def axe() -> str:
    """The script of axe-core, from npm the first time; skips where that cannot be had."""
    kept = platformdirs.user_cache_path("convrec-tests") / f"axe-{AXE_VERSION}.min.js"
    if not kept.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is missing, and with it axe-core")
        with TemporaryDirectory() as folder:
            command = ["npm", "pack", "--silent", f"axe-core@{AXE_VERSION}", "--pack-destination", folder]
            if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode != 0:
                pytest.skip("axe-core cannot be had from npm")
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as packed:
                script = packed.extractfile("package/axe.min.js")
                assert script is not None
                content = script.read()
        assert hashlib.sha256(content).hexdigest() == AXE_SHA256
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    return kept.read_text(encoding="utf-8")
