"""The routes, a blueprint an area."""
