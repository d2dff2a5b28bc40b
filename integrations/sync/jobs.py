"""One cluster on its way through a run, and the plan of its group."""

import logging
from dataclasses import dataclass, field

from integrations.core.changes import Plan, Problem
from integrations.core.mapping import Policy
from integrations.core.records import Kind, Ref
from integrations.kinds.catalog import Catalog
from integrations.kinds.group import Group
from integrations.kinds.plan import plan_group
from integrations.sync.clusters import Cluster
from integrations.sync.execute import Result

logger = logging.getLogger(__name__)


@dataclass
class Job:
    """What it was planned from, the plan, and what became of it."""

    cluster: Cluster
    group: Group
    plan: Plan
    result: Result = field(default_factory=Result)

    @property
    def shows_more(self) -> bool:
        """Whether what was done, or what is waiting, lets more be done at once."""
        return self.result.again or self.plan.again


def plan_of(cluster: Cluster, group: Group, policy: Policy, catalog: Catalog) -> Plan:
    """The group's plan. Planning touches nothing, so where it fails the other groups go on and a person is told."""
    try:
        return plan_group(group, policy, catalog)
    except Exception:
        logger.exception("event=plan_failed contacts=%s", ",".join(cluster.contact_ids))
        ref = Ref(Kind.CONTACT, cluster.contact_ids[0])
        message = "The portal could not work out what to do for this contact's bills; support has been told."
        return Plan(problems=(Problem("not_planned", ref, message, title=f"Contact {ref.practice_id}"),))
