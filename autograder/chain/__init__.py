"""The links of the chain solutions → source → release → assignments, one module each."""
