"""The base years of the health index."""

# Those on which it has been published since it began in 1994, newest first (DESIGN.md 3.2).
BASE_YEARS = (2025, 2013, 2004, 1996, 1988)

# What /index answers on when no base year is asked for.
DEFAULT_BASE_YEAR = 2004

# Statbel's files hold older base years too (1914 and on), of the consumer price index alone.
OLDEST_BASE_YEAR = min(BASE_YEARS)
