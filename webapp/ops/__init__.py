"""Health checks."""

from webapp.ops.views import bp as bp
