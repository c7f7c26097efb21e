"""Limits of request bodies, which the loop of the worker and the app share."""

# The worker receives a body up to this size before it calls the app. A larger body is an upload: a thread
# receives it.
MAX_BUFFERED_BODY_BYTES = 64 * 1024

# Concurrent uploads: of all clients, and of one.
MAX_UPLOADS = 8
MAX_UPLOADS_PER_CLIENT = 4
