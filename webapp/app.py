"""The application factory: wiring, and nothing else."""

from typing import Any, Dict, Optional

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from jinja2 import StrictUndefined

from webapp import (
    api,
    cli,
    errors,
    logs,
    ops,
    pages,
)
from webapp.config import ROOT, Settings
from webapp.data.data_version import DataVersion
from webapp.data.extensions import cache, db
from webapp.data.init_db import prepare_sqlite
from webapp.health_index.base_years import DEFAULT_BASE_YEAR
from webapp.http import rate_limit, security, static_files, uploads
from webapp.http.cache import HttpCache
from webapp.http.guard import App, Guard
from webapp.i18n import languages
from webapp.pages.index import known_base_years
from webapp.pages.zipcode import nearest_if_known
from webapp.statbel.sources import Statbel


def create_app(settings: Optional[Settings] = None) -> Flask:
    """Create an application from the given settings, or from those of the environment.

    Raises ConfigurationError when a setting is invalid.
    """
    settings = settings or Settings.load()
    logs.configure(settings.log_level)
    app = App(
        "webapp",
        template_folder=str(ROOT / "templates"),
        static_folder=None,  # see static_files.py
        instance_path=str(ROOT / "instance"),
    )
    app.config.from_mapping(settings.for_flask())
    app.url_map.merge_slashes = False  # /zipcode//9000 is a mistake, and not another address
    _write_json_readably(app)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
    app.extensions["statbel"] = Statbel(
        settings.health_index_url, settings.health_index_fallback_url, settings.health_index_timeout
    )
    db.init_app(app)
    cache.init_app(app)
    with app.app_context():
        if settings.is_embedded:
            prepare_sqlite(db.engine)
        version = app.extensions["data_version"] = DataVersion(db.engine)
    for blueprint in (pages.bp, ops.bp):
        app.register_blueprint(blueprint)
    api.register(app)
    errors.register_error_handlers(app)
    probes = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{ops.bp.name}.")]
    rate_limit.protect(app, settings, exempt=[rule.endpoint for rule in probes])
    security.protect(app)
    if settings.http_cache_mb:
        # Whether the process lives must not wait for a database that hangs.
        never = [rule.rule for rule in probes]
        http_cache = HttpCache(app.wsgi_app, version.serial, settings.http_cache_mb * 1024 * 1024, never)
        app.wsgi_app = http_cache  # type: ignore[method-assign]  # Flask's own way to add a middleware
    rate_limit.trust_proxies(app, settings)  # after, so that the cache sees the scheme that a proxy names
    uploads.protect(app)
    static_files.register(app, ROOT / "static")
    languages.register(app)
    cli.register_commands(app)
    app.context_processor(_known_everywhere)
    app.wsgi_app = Guard(app)  # type: ignore[method-assign]  # last, around all other middleware
    return app


def _known_everywhere() -> Dict[str, Any]:
    """What every page may need, whichever view made it."""
    return {
        "known_base_years": known_base_years,
        "default_base_year": DEFAULT_BASE_YEAR,
        "nearest_if_known": nearest_if_known,
    }


def _write_json_readably(app: Flask) -> None:
    """Keep members in the order in which they are given, and letters as they are."""
    provider = app.json
    if isinstance(provider, DefaultJSONProvider):
        provider.sort_keys = False
        provider.ensure_ascii = False
