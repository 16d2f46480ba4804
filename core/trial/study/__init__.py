"""PURE. The protocol configuration."""
