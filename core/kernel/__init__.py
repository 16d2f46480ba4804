"""PURE. Words that everybody uses: errors, instants, identifiers, roles, quantities, the event envelope.

Imports nothing of ours and nothing that does input or output.
"""
