"""The pages that have no JSON: lookup, indexation, list, about."""

from webapp.pages import client_list as client_list
from webapp.pages import indexation as indexation
from webapp.pages.views import bp as bp
