"""The harness on the desk: virtual cameras, scenes, weather, faults; it drives the real agent.

Rule: the harness knows the truth and the agent never asks it; nothing here is imported by
`agent/`, and no piece of the agent is copied here.
"""
