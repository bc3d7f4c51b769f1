"""From what is authored to what is released, and the proof that both are sound.

solutions/ and exercises/ → `recording` (what the visible cases give) and `source` (the notebook of
nbgrader's) → `release` (by nbgrader's own generate_assignment) → `starter` (files for an editor).
`build` walks this line and compares it with what is there; `leaks` looks for solutions in what
students get, `archive` packs labcheck for them, `scaffold` writes the first files of a new lab.
`adopting` puts a mistake that a class has made into a spec.
`verify` proves a collection: references pass, stubs fail politely, mistakes are told apart.
"""
