"""``viewkeeper-agent doctor``: looks at everything the agent will need, and names the cure.

It changes nothing. While an agent runs, its storage is not opened and its place at the broker
is not taken; what is left out is said.
"""
