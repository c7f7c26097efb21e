"""Models, migrations, seed loading, snapshot and refresh: the only package that uses SQL."""
