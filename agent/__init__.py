"""The camera agent. Data flows one way through it:

    sources -> view + quality + events -> assessment -> report -> outbox -> link (MQTT)
    link -> trust (verify) -> policy (may it?) -> ledger (intent) -> state -> effect -> verdict

Rule: ``core/`` computes and touches nothing; ``adapters/`` touch and decide nothing;
``app.py`` alone says who talks to whom.
"""
