"""PURE. The decision core: one folder an area, each with events, commands, state and decisions."""
