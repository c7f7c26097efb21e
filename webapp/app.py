"""Application factory."""

from __future__ import annotations

import logging

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from jinja2 import StrictUndefined

from webapp import api, cli, logs, ops, pages
from webapp.config import ROOT, Settings
from webapp.data.database import configure, db
from webapp.data.memo import cache
from webapp.data.watcher import PollFirst, Watcher
from webapp.http import (
    compression,
    error_handlers,
    facts,
    rate_limit,
    redirects,
    security,
    static_files,
    uploads,
)
from webapp.http.cache import HttpCache
from webapp.http.guard import App, Guard
from webapp.i18n import languages
from webapp.pages import lookup
from webapp.statbel.sources import Statbel

log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> Flask:
    """Create the application, by default with settings from the environment.

    Raises ConfigurationError.
    """
    settings = settings or Settings.load()
    logs.configure(settings.log_level, settings.log_format)
    for note in settings.notes:
        log.warning("%s", note)
    app = _bare_app(settings)
    app.extensions["statbel"] = Statbel(
        settings.health_index_url,
        settings.health_index_fallback_url,
        settings.health_index_workbook_url,
        settings.health_index_timeout,
    )
    db.init_app(app)
    cache.init_app(app)
    with app.app_context():
        configure(db.engine)
    watcher = app.extensions["watcher"] = Watcher(app)
    app.jinja_env.globals["operator"] = app.extensions["operator"] = settings.operator
    compression.compress_responses(app)  # the first one registered runs last
    for blueprint in (pages.bp, ops.bp):
        app.register_blueprint(blueprint)
    api.register(app)
    error_handlers.register(app, lookup.error_page)
    probes = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{ops.bp.name}.")]
    if settings.metrics_bind:
        facts.register(app)  # before what rejects requests
    rate_limit.protect(app, settings, exempt=[rule.endpoint for rule in probes])
    security.protect(app)
    uploads.protect(app)
    languages.register(app)
    redirects.register(app)
    static_files.register(app, ROOT / "static")
    cli.register_commands(app)
    _add_middleware(app, settings, watcher, [rule.rule for rule in probes])
    return app


def _bare_app(settings: Settings) -> App:
    """Create a Flask app with its settings, without routes."""
    app = App(
        "webapp",
        template_folder=str(ROOT / "templates"),
        static_folder=None,  # served by static_files.py
        instance_path=str(ROOT / "instance"),
    )
    app.config.from_mapping(settings.for_flask())
    app.extensions["settings"] = settings
    app.url_map.merge_slashes = False  # /zipcode//9000 is a mistake, not another URL
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "undefined": StrictUndefined}
    provider = app.json
    if isinstance(provider, DefaultJSONProvider):
        provider.sort_keys = False
        provider.ensure_ascii = False
    return app


def _add_middleware(app: App, settings: Settings, watcher: Watcher, probes: list[str]) -> None:
    """Wrap `wsgi_app`, as Flask documents, from the inside out."""
    if settings.http_cache_mb:
        http_cache = HttpCache(
            app.wsgi_app, lambda: watcher.serial, settings.http_cache_mb * 1024 * 1024, probes
        )
        app.extensions["http_cache"] = http_cache
        app.wsgi_app = http_cache  # type: ignore[method-assign]
    rate_limit.trust_proxies(app, settings)  # outside the cache, which then sees the proxy's scheme
    app.wsgi_app = PollFirst(app.wsgi_app, watcher)  # type: ignore[method-assign]
    app.wsgi_app = Guard(app)  # type: ignore[method-assign]  # outermost
