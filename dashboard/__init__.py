"""The operator's desk: a static page that reads signed records straight from the broker.

Rule: imports ``protocol/`` and nothing else of this project; the page trusts a record's
signature and the register's keys, never the broker, the server or the plain topics.
"""
