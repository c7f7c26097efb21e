"""The pages that belong to no single subject."""

from webapp.pages import client_list as client_list
from webapp.pages import indexation as indexation
from webapp.pages.views import bp as bp
