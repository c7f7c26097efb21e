"""HTML pages; two also respond with JSON."""

from webapp.pages import about as about
from webapp.pages import client_list as client_list
from webapp.pages import index as index
from webapp.pages import indexation as indexation
from webapp.pages import lookup as lookup
from webapp.pages import publications as publications
from webapp.pages import risk_tables as risk_tables
from webapp.pages import zipcode as zipcode
from webapp.pages.blueprint import bp as bp
