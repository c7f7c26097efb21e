"""All settings, with their defaults."""

BESTAT_URL = (
    "https://bestat.statbel.fgov.be/bestat/api/views/48744f07-252a-4a42-bca3-a2d7cb31c2fd/result/JSON"
)
OPEN_DATA_URL = (
    "https://statbel.fgov.be/sites/default/files/files/opendata/"
    "Consumptieprijsindex%20en%20gezondheidsindex/CPI%20All%20base%20years.zip"
)

DEFAULTS = {
    "DATABASE_URL": "sqlite:///desk.sqlite3",  # relative to instance/
    "DATABASE_URL_FILE": "",
    "REDIS_URL": "",
    "REDIS_URL_FILE": "",
    "HEALTH_INDEX_URL": BESTAT_URL,
    "HEALTH_INDEX_FALLBACK_URL": OPEN_DATA_URL,
    "HEALTH_INDEX_WORKBOOK_URL": "",
    "HEALTH_INDEX_TIMEOUT": "3.05,5",
    "WEB_THREADS": "4",
    "PIN_WORKER": "1",
    "HTTP_CACHE_MB": "8",
    "RATE_LIMIT": "6000",
    "TRUSTED_PROXIES": "0",
    "LOG_LEVEL": "info",
    "LOG_FORMAT": "text",
    "OPERATOR_NAME": "",
    "OPERATOR_CONTACT": "",
    "METRICS_BIND": "",
    "MAX_INDEX_LAG_DAYS": "3",
    "PORT": "5000",
    "RISK_FACTOR_NOTE": "",
    "RISK_FACTOR_NOTE_NL": "",
    "RISK_FACTOR_NOTE_FR": "",
    "RISK_FACTOR_NOTE_DE": "",
    "RISK_FACTOR_NOTE_EN": "",
}
