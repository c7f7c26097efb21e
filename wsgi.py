"""The application, as gunicorn and the `flask` command load it."""

from webapp.app import create_app

app = create_app()
