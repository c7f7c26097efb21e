"""The error of an invalid setting."""

from click import ClickException


class ConfigurationError(ClickException):
    """Invalid setting. A ClickException, so that `flask` prints it as one line."""
