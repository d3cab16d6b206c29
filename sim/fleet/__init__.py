"""Thousands of cameras in one process, each with the agent's own link rules and real signatures.

Rule: what speaks MQTT here is the agent's (`agent/adapters/link`: connection, sender, outbox,
backoff); this room adds many of them on one event loop, what goes wrong, and the count. Broker
and recorder are the real ones, in processes of their own.
"""
