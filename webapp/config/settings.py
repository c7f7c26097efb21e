"""The settings of an application."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Mapping
from urllib.parse import urljoin

from webapp.config.checks import (
    MAX_PORT,
    Address,
    parse_address,
    parse_choice,
    parse_http_url,
    parse_timeouts,
    parse_whole_number,
)
from webapp.config.database_options import engine_options
from webapp.config.database_url import is_sqlite, parse_database_url
from webapp.config.defaults import DEFAULTS
from webapp.config.files import read_env_file, read_secrets
from webapp.config.operator import Operator, parse_operator, parse_risk_factor_notes
from webapp.config.redis_url import parse_redis_url

WORKBOOK_NAME = "CPI%20All%20base%20years.xlsx"

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
LOG_FORMATS = ("text", "json")


@dataclass(frozen=True)
class Settings:
    """Validated settings of an application.

    Attributes:
        redis_url: for rate limits shared by containers; None for limits per process.
        health_index_url: a be.STAT view.
        health_index_fallback_url: Statbel's open-data zip.
        health_index_workbook_url: the same as an Excel workbook, by default in the folder of the zip.
        health_index_timeout: seconds to connect, and for the response.
        web_threads: threads of a gunicorn worker, without those for MAX_UPLOADS.
        pin_worker: keep a worker's threads on one core.
        http_cache_mb: size of the HTTP cache; 0 for none.
        rate_limit: requests per client and minute; 0 for no limit.
        trusted_proxies: number of proxies that set X-Forwarded-For and X-Forwarded-Proto.
        log_format: "text" or "json".
        operator: publisher of the pages, and contact for questions.
        metrics_bind: address of `/metrics`; None for no metrics.
        max_index_lag_days: working days by which the index may be late before `/readyz?strict=1` fails.
        port: of the default bind.
        risk_factor_notes: the risk manager's sentence about risk factors, by language.
        notes: mistakes in `.env` that do not stop the start.
    """

    database_url: str
    redis_url: str | None
    health_index_url: str
    health_index_fallback_url: str
    health_index_workbook_url: str
    health_index_timeout: tuple[float, float]
    web_threads: int
    pin_worker: bool
    http_cache_mb: int
    rate_limit: int
    trusted_proxies: int
    log_level: str
    log_format: str
    operator: Operator
    metrics_bind: Address | None
    max_index_lag_days: int
    port: int
    risk_factor_notes: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @classmethod
    def load(cls) -> Settings:
        """Read `.env` and the environment, which takes precedence. Raises ConfigurationError."""
        file = read_env_file()
        return cls.of({**file.variables, **os.environ}, file.notes)

    @classmethod
    def of(cls, variables: Mapping[str, str], notes: tuple[str, ...] = ()) -> Settings:
        """Validate variables, with DEFAULTS for missing ones. Raises ConfigurationError."""
        values = {**DEFAULTS, **variables, **read_secrets(variables)}
        return cls(
            database_url=parse_database_url(values["DATABASE_URL"]),
            redis_url=parse_redis_url(values["REDIS_URL"]),
            health_index_url=parse_http_url(values, "HEALTH_INDEX_URL"),
            health_index_fallback_url=parse_http_url(values, "HEALTH_INDEX_FALLBACK_URL"),
            health_index_workbook_url=_workbook_url(values),
            health_index_timeout=parse_timeouts(values["HEALTH_INDEX_TIMEOUT"]),
            web_threads=parse_whole_number(values, "WEB_THREADS", 1, 64),
            pin_worker=bool(parse_whole_number(values, "PIN_WORKER", 0, 1)),
            http_cache_mb=parse_whole_number(values, "HTTP_CACHE_MB", 0, 1024),
            rate_limit=parse_whole_number(values, "RATE_LIMIT", 0, 1_000_000),
            trusted_proxies=parse_whole_number(values, "TRUSTED_PROXIES", 0, 9),
            log_level=parse_choice(values, "LOG_LEVEL", LOG_LEVELS),
            log_format=parse_choice(values, "LOG_FORMAT", LOG_FORMATS),
            operator=parse_operator(values["OPERATOR_NAME"], values["OPERATOR_CONTACT"]),
            metrics_bind=parse_address(values["METRICS_BIND"]),
            max_index_lag_days=parse_whole_number(values, "MAX_INDEX_LAG_DAYS", 0, 1000),
            port=parse_whole_number(values, "PORT", 1, MAX_PORT),
            risk_factor_notes=parse_risk_factor_notes(values),
            notes=notes,
        )

    @property
    def is_embedded(self) -> bool:
        """True for SQLite, False for PostgreSQL."""
        return is_sqlite(self.database_url)

    def for_flask(self) -> dict[str, Any]:
        """Return the settings of Flask and its extensions."""
        return {
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": engine_options(self.database_url),
            "CACHE_TYPE": "webapp.data.memo.ProcessCache",
            # More than all keys of two snapshots: 9,000 zipcodes and a few base years.
            "CACHE_THRESHOLD": 20_000,
            # Except security.BULK_ENDPOINTS.
            "MAX_CONTENT_LENGTH": 64 * 1024,
            "MAX_INDEX_LAG_DAYS": self.max_index_lag_days,
            "RISK_FACTOR_NOTES": self.risk_factor_notes,
        }


def _workbook_url(values: Mapping[str, str]) -> str:
    if values["HEALTH_INDEX_WORKBOOK_URL"].strip():
        return parse_http_url(values, "HEALTH_INDEX_WORKBOOK_URL")
    return urljoin(parse_http_url(values, "HEALTH_INDEX_FALLBACK_URL"), WORKBOOK_NAME)
