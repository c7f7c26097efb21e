"""The files of deploy/ and beside it, parsed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from webapp.config import DEFAULTS, ROOT

DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

# The user of the image.
[USER] = re.findall(r"^USER (\d+):\1$", DOCKERFILE, re.MULTILINE)

# The port on which gunicorn.conf.py listens.
PORT = int(DEFAULTS["PORT"])


def documents(path: Path) -> list[Any]:
    """Return the documents of a YAML file."""
    with path.open(encoding="utf-8") as file:
        return [document for document in yaml.safe_load_all(file) if document is not None]


def run(program: Path, *arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program with these variables, and the folder first on its PATH."""
    return subprocess.run(
        [program, *arguments],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
