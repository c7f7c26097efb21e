"""The data: models, migrations, seed, snapshot and refresh. The only package that knows SQL."""
