"""The least that a Flask application can be: what the start of the desk is compared with."""

from flask import Flask

app = Flask(__name__)


@app.get("/<path:_anything>")
def hello(_anything: str) -> str:
    return "hello"
