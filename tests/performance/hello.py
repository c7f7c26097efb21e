"""The smallest Flask application, for comparison of start-up times."""

from flask import Flask

app = Flask(__name__)


@app.get("/<path:_anything>")
def hello(_anything: str) -> str:
    return "hello"
