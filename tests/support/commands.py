"""`flask` commands, in this process or in a new one."""

import os
import subprocess
import sys

from click.testing import Result
from flask import Flask
from flask.cli import FlaskGroup

from webapp.cli import add_migrations
from webapp.config import ROOT


def run(app: Flask, *arguments: str) -> Result:
    """Run a command in this process."""
    add_migrations(app)
    group = FlaskGroup(load_dotenv=False, set_debug_flag=False)
    return app.test_cli_runner().invoke(group, arguments)


def start(url: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start `flask` as a process on a database."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "REDIS_URL": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
