"""What the API refuses, with its words. `parse`, then `read`, then `tools`, then `check`: each raises
InvalidRequest, or is content.

`STRICT_ONLY` names the rules that a lenient server does not hold to, and `unserved` what no request may ask for yet.
"""

from sijo.engine.rules.body import parse, read
from sijo.engine.rules.case import Case
from sijo.engine.rules.entries import tools
from sijo.engine.rules.facts import STRICT_ONLY, Facts
from sijo.engine.rules.order import check

__all__ = ["STRICT_ONLY", "Case", "Facts", "check", "parse", "read", "tools"]
