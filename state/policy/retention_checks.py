"""Checks of the retention in a policy: stages that the lifecycle has."""

from state.customer.customer import PROSPECT
from state.policy.retention_shape import CHURNED, Retention
from state.policy.text import PolicyText


def check_retention(retention: Retention, stages: list[str], source: PolicyText) -> None:
    """Report what is to be forgotten in a stage that the lifecycle does not have."""
    names = {PROSPECT: "forget_prospects_after_days", CHURNED: "forget_churned_after_days"}
    for stage in retention.by_stage:
        if stage not in stages:
            told = f'the lifecycle has no stage "{stage}", so nobody would be forgotten'
            source.report(("retention", names[stage]), told, f'leave it out, or give a stage the key "{stage}"')
