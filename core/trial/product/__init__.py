"""PURE. Lots of the cell product, and the doses prepared from them."""
