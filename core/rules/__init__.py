"""PURE. Calculators of the trial: escalation, DLT window, MELD, eligibility, outcomes, visits.

- Facts and signed configuration go in, a result comes out; no clock, no chance, no storage.
- Numbers of the protocol arrive as parameters; `nct05727722` holds the study's own.
- A value that cannot be judged is refused with a stable code, never guessed.
"""
