"""How much a caller may ask for: requests and tokens a minute, dollars a month.

Without limits in the settings nothing here runs. Who the caller is, is found in `auth`; what an engine can do at once
is limited in front of it, by `backends.gate`.
"""

from sijo.http.limits.buckets import Bucket
from sijo.http.limits.groups import Group, Groups
from sijo.http.limits.leases import Lease, Leases
from sijo.http.limits.limiter import Entry, Limits
from sijo.http.limits.plans import Plan, Plans, Rule
from sijo.http.limits.spend import Spend, Spent

__all__ = ["Bucket", "Entry", "Group", "Groups", "Lease", "Leases", "Limits", "Plan", "Plans", "Rule", "Spend", "Spent"]
