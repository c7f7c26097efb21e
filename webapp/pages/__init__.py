"""The pages that belong to no single subject."""

from webapp.pages.views import bp as bp
