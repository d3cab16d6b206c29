"""The wire contract as files any implementation can run, and what writes them.

``python -m viewkeeper.protocol.vectors.generate`` writes the JSON files from fixed seeds;
``README.md`` says how to run them. Expected reasons are declared by hand, beside each
case: they come from the design, not from the code under test.
"""
