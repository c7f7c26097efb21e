"""Zipcodes: their risk factors and their places."""

from webapp.zipcodes.views import bp as bp
