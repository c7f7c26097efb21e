"""The health index: what Statbel publishes, kept and served."""

from webapp.health_index.views import bp as bp
