"""The version of this release. Only the label in the Dockerfile repeats it."""

VERSION = "1.0.0"
