"""The Belgian index and zipcode-risk desk: a Flask application and its factory."""

from typing import Optional

from flask import Flask

from webapp import cli, errors, logs
from webapp.config import ROOT, Settings
from webapp.database import MIGRATIONS, prepare_sqlite
from webapp.extensions import db, migrate
from webapp.health_index.statbel import Statbel


def create_app(settings: Optional[Settings] = None) -> Flask:
    """Make an application from the given settings, or from those of the environment.

    Raises ConfigurationError when a setting cannot be used.
    """
    settings = settings or Settings.load()
    logs.configure(settings.log_level)
    app = Flask(__name__, instance_path=str(ROOT / "instance"))
    app.config.from_mapping(settings.for_flask())
    app.extensions["statbel"] = Statbel(
        settings.health_index_url, settings.health_index_fallback_url, settings.health_index_timeout
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    if settings.database_url.get_backend_name() == "sqlite":
        with app.app_context():
            prepare_sqlite(db.engine)
    errors.register_error_handlers(app)
    cli.register_commands(app)
    return app
