"""Liveness and readiness, for operators."""

from webapp.ops.views import bp as bp
