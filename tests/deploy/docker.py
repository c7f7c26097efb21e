"""A stand-in for `docker` that keeps its containers in state.json, for the scripts of deploy/.

Attributes of state.json:
    calls: the commands.
    web: the containers of the service, with `health`, `running` and how often they were inspected.
    health: of a new container, after it was inspected twice.
    init: the status of `compose run`.
    unknown: images without a digest.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "state.json"


class Docker:
    """One command. Each method returns its status."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        self._web: dict[str, dict[str, Any]] = state["web"]

    def compose(self, command: str, *arguments: str) -> int:
        if command == "ps":
            for name, container in self._web.items():
                if container["running"] or "-aq" in arguments:
                    say(name)
        elif command == "rm":
            for name in [name for name, container in self._web.items() if not container["running"]]:
                del self._web[name]
        elif command == "up":
            count = int(arguments[arguments.index("--scale") + 1].partition("=")[2])
            for number in range(count - len(self._web)):
                self._web[f"new{number}"] = {"running": True, "health": "starting", "inspected": 0}
        return int(self._state.get("init", 0)) if command == "run" else 0

    def inspect(self, _option: str, template: str, name: str) -> int:
        container = self._web[name]
        if "Running" in template:
            say(str(container["running"]).lower())
            return 0
        container["inspected"] += 1
        if container["inspected"] > 2:
            container["health"] = self._state["health"]
            container["running"] = self._state["health"] != "stopped"
        say(container["health"])
        return 0

    def stop(self, name: str) -> int:
        self._web[name]["running"] = False
        return 0

    def rm(self, *arguments: str) -> int:
        for name in (name for name in arguments if name != "-f"):
            assert "-f" in arguments or not self._web[name]["running"]
            del self._web[name]
        return 0

    def buildx(self, *arguments: str) -> int:
        if arguments[2] in self._state.get("unknown", []):
            return 1
        say("sha256:" + arguments[2].encode().hex().zfill(64)[-64:])
        return 0


def say(text: str) -> None:
    print(text)  # noqa: T201  # its output


def main(command: str, *arguments: str) -> int:
    state: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    state["calls"].append(" ".join([command, *arguments]))
    status: int = getattr(Docker(state), command)(*arguments)
    FILE.write_text(json.dumps(state), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
