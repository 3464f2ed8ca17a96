"""The stages that a customer can be in under a policy that names none of its own."""

from state.customer.customer import EXCLUDED
from state.policy.lifecycle_shape import STAGES as SHIPPED

STAGES = (*(it.key for it in SHIPPED), EXCLUDED)
