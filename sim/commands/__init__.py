"""The words of ``viewkeeper-sim``, one module each.

Rule: a module has ``SUMMARY``, ``add_arguments(parser)`` and ``run(arguments) -> exit code``. It
parses, calls and prints; it decides nothing.
"""
