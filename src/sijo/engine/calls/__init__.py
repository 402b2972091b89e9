"""Calls of tools, and documents of a schema, over engines that are bad at both, or know neither.

`write` says tools as text and `read` finds calls in text, by the conventions of models' families; `written` puts both
around a backend. `mend`, `fit` and `names` repair what is broken where it is certain what was meant; `judge` and
`document` decide, and `asking` has the model write again what is neither right nor certain.
"""

from sijo.engine.calls.asking import checked
from sijo.engine.calls.conventions import conventions
from sijo.engine.calls.terms import Tally, eager
from sijo.engine.calls.written import Written

__all__ = ["Tally", "Written", "checked", "conventions", "eager"]
