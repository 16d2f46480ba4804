"""One sentence an event, as people read the audit trail.

Exhaustive over the registry: the type checker asks for the sentence of a new event.
"""
