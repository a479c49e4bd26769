"""The test rig: real Spark and a real Kafka broker, started on this machine.

Everything here needs what `scripts/setup-tests` installs and runs under the
Python of that cache (`cache.python()`). Nothing here is needed by `make test`.
"""
