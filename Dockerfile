# One gunicorn process group on port 5000, or PORT, as a non-root user.
#   docker build -t desk .                                  Python 3.8
#   docker build -t desk --build-arg PYTHON_VERSION=3.13 .  a newer Python, with newer libraries
#   docker build -t desk --build-arg PYTHON_DIGEST=@sha256:… .  exactly this base image (deploy/pin-images)

ARG PYTHON_VERSION=3.8
ARG PYTHON_DIGEST=
FROM python:${PYTHON_VERSION}-alpine${PYTHON_DIGEST}

# The version of webapp/version.py.
LABEL org.opencontainers.image.version="1.0.0"

# An empty DATABASE_URL is an error at start. Without it, the process would use an embedded database,
# which is lost with the container.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_SKIP_DOTENV=1 \
    DATABASE_URL=""

RUN addgroup -S -g 10001 desk && adduser -S -D -H -u 10001 -G desk desk

WORKDIR /srv/desk

# Wheels only, so that the image needs no compiler.
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt

# Owned by root and never written, so that the root filesystem can be read-only.
COPY wsgi.py gunicorn.conf.py ./
COPY webapp webapp
COPY templates templates
COPY static static
COPY seed seed
RUN python -m compileall -q webapp

USER 10001:10001
EXPOSE 5000
# On the address that gunicorn listens on, whatever sets it.
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s \
    CMD ["python", "-m", "webapp.http.health_check"]
CMD ["gunicorn", "wsgi:app"]
