"""The snapshot of the current request or command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, g

from webapp.data.schema import NOT_INITIALIZED
from webapp.data.snapshot import Snapshot
from webapp.errors import DatabaseUnavailable
from webapp.i18n.messages import N_

if TYPE_CHECKING:
    from webapp.data.watcher import Watcher


def watcher() -> Watcher:
    found: Watcher = current_app.extensions["watcher"]
    return found


def snapshot() -> Snapshot:
    """Return the same snapshot throughout a request or command. Raises DatabaseUnavailable."""
    if "snapshot" not in g:
        found = watcher().snapshot
        if found is None and watcher().failure == NOT_INITIALIZED:
            raise DatabaseUnavailable(N_("The database is not initialised yet: run flask init-db."))
        if found is None:
            raise DatabaseUnavailable(N_("Please try again in a moment."))
        g.snapshot = found
    return g.snapshot  # type: ignore[no-any-return]  # `g` has no types
