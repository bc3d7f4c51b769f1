# Uses odd but legal beginnings: futures, encodings, form feeds, walrus and star at top level.
# expect: all right
from __future__ import annotations, barry_as_FLUFL, division  # noqa: F401

import re as 𝐫𝐞  # noqa: N813

(ﬁrst := [*range(3)])
