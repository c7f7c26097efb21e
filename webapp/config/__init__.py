"""Settings from the environment."""

from webapp.config.checks import MAX_PORT, Address
from webapp.config.database_options import STATEMENT_MILLISECONDS, engine_options
from webapp.config.database_url import database_place, parse_database_url
from webapp.config.defaults import DEFAULTS
from webapp.config.errors import ConfigurationError
from webapp.config.files import FOREIGN_VARIABLES, ROOT
from webapp.config.limits import MAX_BUFFERED_BODY_BYTES, MAX_UPLOADS, MAX_UPLOADS_PER_CLIENT
from webapp.config.operator import Operator
from webapp.config.settings import Settings

__all__ = [
    "DEFAULTS",
    "FOREIGN_VARIABLES",
    "MAX_BUFFERED_BODY_BYTES",
    "MAX_PORT",
    "MAX_UPLOADS",
    "MAX_UPLOADS_PER_CLIENT",
    "ROOT",
    "STATEMENT_MILLISECONDS",
    "Address",
    "ConfigurationError",
    "Operator",
    "Settings",
    "database_place",
    "engine_options",
    "parse_database_url",
]
