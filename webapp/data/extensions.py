"""Flask extensions, created once and bound to an application by the factory."""

from typing import Any, Callable, TypeVar, cast

from flask import current_app
from flask_caching import Cache
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Model(DeclarativeBase):
    """Base of all models. Constraints get predictable names, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


# Seconds for which an answer may be kept, here and by callers. Here it is dropped before when the data
# changes: see data_version.py.
CACHE_SECONDS = 60

db = SQLAlchemy(model_class=Model)
cache = Cache()

Function = TypeVar("Function", bound=Callable[..., Any])


def memoize(function: Function) -> Function:
    """Keep what a function returns, by its arguments and the version of the data, for CACHE_SECONDS.

    What it raises is not kept.
    """
    return cast(Function, cache.memoize(timeout=CACHE_SECONDS, make_name=_with_version)(function))


def _with_version(name: str) -> str:
    return f"{name} {current_app.extensions['data_version'].current()}"
