"""The Belgian index and zipcode-risk desk: a Flask application and its factory."""
