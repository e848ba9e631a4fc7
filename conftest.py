"""Makes every test beside a rule a test of the run, counts what tests of the engine cover, and lends pytest's tester of plug-ins."""

pytest_plugins = ["engine.authoring.pytest_plugin", "pytester", "tests.tracing"]
