"""Which clause asks what, which control answers it, and which tests show that the control works."""
