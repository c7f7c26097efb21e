"""The upstream: Statbel's sources of the health index, downloaded and parsed."""
