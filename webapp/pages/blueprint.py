"""The blueprint that all pages share."""

from flask import Blueprint

bp = Blueprint("pages", __name__)
