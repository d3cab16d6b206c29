"""The pure core: values in, values out.

Rule: no socket, file, clock, thread, randomness or MQTT in here, and no import from
``agent.adapters``. ``ruff.toml`` beside this file and tests/test_architecture.py hold it.
"""
