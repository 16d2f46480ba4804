"""PURE. People with their keys and roles."""
