"""The Belgian index and zipcode-risk desk."""

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from flask import Flask

    from webapp.config import Settings


def create_app(settings: "Optional[Settings]" = None) -> "Flask":
    """Make an application from the given settings, or from those of the environment.

    Raises ConfigurationError when a setting cannot be used.
    """
    # Imported here, because gunicorn's first process reads the settings and nothing else of this package.
    from webapp.factory import make_app

    return make_app(settings)
