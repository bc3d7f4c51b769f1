"""Auto-graded labs on recurrent networks: authoring, judging, feedback."""

import sys

__version__ = "0.2.0"

# Reading notebooks imports jsonschema, and that, where it can, a grammar of web addresses in all
# scripts, for a check ("iri") that no schema of notebooks asks for; compiling it takes a second.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
