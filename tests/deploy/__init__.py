"""The files of deploy/, compose.yaml and the Dockerfile."""
