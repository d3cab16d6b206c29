"""The whole chain on one machine: broker, signing desk, real agent, dashboard, and a story.

Rule: everything that runs here is the real part; the harness only stages, watches and tells.
The end-to-end tests use the same ``World`` and ``Observer``.
"""
