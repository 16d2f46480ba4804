"""PURE. The instance itself: genesis, policy, refusals."""
