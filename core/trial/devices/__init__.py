"""PURE. The register of devices that data and instructions may come from."""
