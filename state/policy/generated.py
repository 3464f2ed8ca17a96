"""The code that is generated from a policy's rules, for people to read."""

from state.conditions.layout import laid_out
from state.conditions.rule_set import Rule, RuleSet
from state.policy.compiled import CompiledPolicy
from state.policy.compiled_ladder import places
from state.policy.compiled_stages import first_fit
from state.policy.segment_layers import segment_layers


def generated_code(compiled: CompiledPolicy) -> str:
    """Return the source of the functions that decide about loyalty, the stage, steps of ladders, and segments.

    Segments that ask for others have functions of their own.
    """
    loyalty = [("loyal", compiled.loyal_enter, compiled.loyal_leave)]
    steps = [place for ladder in compiled.ladders for place in places(ladder)]
    segments: list[list[Rule]] = [
        [(it.key, it.enter, it.leave) for it in layer] for layer in segment_layers(compiled.segments)
    ]
    return "\n\n\n".join(
        [
            f"# Generated from policy {compiled.version}, and laid out for reading.\n"
            "# changes_KEY: the customer joins or leaves now, but for a minimum stay and the like. Of a ladder, each\n"
            "# step has a function of its own, and so has no step: who climbs from there, and at last who leaves it.\n"
            "# may_change_KEY: they may do so before ``until`` if nothing happens; then the instant is looked for.",
            laid_out(RuleSet(loyalty).code),
            *([laid_out(code)] if (code := first_fit(compiled.stages).code) else []),
            *(laid_out(RuleSet(rules).code) for rules in (*steps, *segments) if rules),
        ]
    )
