"""PURE. What the safety review committee signs."""
