"""Error output of the commands."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator

import click
from sqlalchemy.exc import DBAPIError

from webapp.data.copy_db import CopyRefused
from webapp.data.database import explain
from webapp.data.index_decisions import DecisionRefused
from webapp.data.risk_tables import ActionRefused
from webapp.data.schema import NotInitialized, UnusableDatabase
from webapp.errors import DeskError, RiskTableUnavailable
from webapp.statbel.parsing import UpstreamError
from webapp.tables.csv_file import FileError


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print errors that an operator can fix as one line, without a traceback."""
    from alembic.util import CommandError

    try:
        yield
    except FileError as error:
        raise click.ClickException(f"{error}. Nothing was changed.") from None
    except RiskTableUnavailable as error:
        raise click.ClickException(f"{error.meaning} Run flask init-db, or flask risk-table load.") from None
    except (DeskError, DecisionRefused, ActionRefused, CopyRefused) as error:
        raise click.ClickException(str(error)) from None
    except UpstreamError as error:
        raise click.ClickException(f"Statbel cannot be read: {error}") from None
    except NotInitialized:
        raise click.ClickException("The database is not initialised: run flask init-db") from None
    except UnusableDatabase as error:
        raise click.ClickException(f"The database cannot be used: {error}") from None
    except CommandError as error:
        raise click.ClickException(f"The database schema does not match this release: {error}") from None
    except BrokenPipeError:
        raise  # the reader closed the pipe: click exits quietly
    except OSError as error:
        raise click.ClickException(f"The output cannot be written: {error.strerror}") from None
    except DBAPIError as error:
        raise click.ClickException(explain(error)) from None
