"""The stages that a server knows: all in which a customer can be under a policy."""

from state.customer.customer import EXCLUDED
from state.policy.compiled import CompiledPolicy


def stages_of(compiled: CompiledPolicy) -> list[str]:
    """Return the stages in which customers can be under a policy; the last is that of who does not count, if any."""
    stages = [it.key for it in compiled.stages]
    return stages if compiled.excluded is None else [*stages, EXCLUDED]
