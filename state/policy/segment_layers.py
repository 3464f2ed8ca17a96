"""The layers of segments, which are decided one after another."""

from collections.abc import Sequence

from state.policy.compiled import CompiledSegment


def segment_layers(segments: Sequence[CompiledSegment]) -> list[list[CompiledSegment]]:
    """Return segments in layers: those of each ask for segments of layers before it only. There is at least one."""
    numbers: dict[str, int] = {}
    layers: list[list[CompiledSegment]] = [[]]
    for segment in segments:
        before = (segment.enter.segments | segment.leave.segments) - {segment.key}  # it may ask for its own past
        number = max([numbers[key] + 1 for key in before], default=0)
        numbers[segment.key] = number
        if number == len(layers):
            layers.append([])
        layers[number].append(segment)
    return layers
