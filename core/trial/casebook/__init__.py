"""PURE. Laboratory panels, HLA antibodies, vital status."""
