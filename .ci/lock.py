"""Compile the Pipfile into requirements.txt and requirements-dev.txt, for `make lock`.

Both files are universal: one resolution for Python 3.8 and every later version, with
environment markers where the newest release of a package has left an older Python behind.
Extras are part of a pin, because older pips would look for them at every version.
Their first line carries the digest of the Pipfile that they were compiled from, which is
how a test tells that they are in step.
"""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent


def requirement_lines(section: Dict[str, Any]) -> List[str]:
    """Write one section of a Pipfile as lines of a requirements file."""
    lines = []
    for name, wish in section.items():
        details = {"version": wish} if isinstance(wish, str) else wish
        version = "" if details["version"] == "*" else details["version"]
        marker = f" ; {details['markers']}" if "markers" in details else ""
        lines.append(f"{name}{version}{marker}")
    return lines


def digest(section: Dict[str, Any]) -> str:
    """Identify what a section asks for, whatever its comments and order."""
    return hashlib.sha256("\n".join(sorted(requirement_lines(section))).encode()).hexdigest()


def first_line(section: Dict[str, Any]) -> str:
    return f"# Compiled from the Pipfile by `make lock`; do not edit. Pipfile: {digest(section)}\n"


def compile_section(section: Dict[str, Any], target: str, *options: str) -> None:
    """Resolve a section to pinned versions with hashes, and write them to `target`."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--no-header"]
    command += ["--output-file", target, *sys.argv[1:]]  # versions that are there stay, but for --upgrade
    command += ["--universal", "--python-version=3.8", "--generate-hashes", "--no-strip-extras", *options]
    subprocess.run(
        command,
        input="\n".join(requirement_lines(section)),
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        text=True,
        check=True,
    )
    (ROOT / target).write_text(first_line(section) + (ROOT / target).read_text())


def main() -> None:
    pipfile = tomllib.loads((ROOT / "Pipfile").read_text())
    runs, develops = pipfile["packages"], {**pipfile["packages"], **pipfile["dev-packages"]}
    compile_section(runs, "requirements.txt")
    compile_section(develops, "requirements-dev.txt", "--constraint=requirements.txt")


if __name__ == "__main__":
    main()
