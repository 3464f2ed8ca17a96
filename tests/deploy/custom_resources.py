"""Schemas of the two kinds of custom resources in deploy/kubernetes/examples.

KEDA and Strimzi publish their own, but in no package that was found in a registry. So these say only which fields the
examples use, with the types that the operators' documentation gives them: they catch a field that is misspelt or in the
wrong place, and not one that an operator has renamed.
"""

from typing import Any


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": [*required],
        "additionalProperties": False,
    }


_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
_METADATA = _object(
    {"name": {**_TEXT, "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}, "namespace": _TEXT},
    labels={"type": "object", "additionalProperties": _TEXT},
)
_SCALING = _object(
    {
        "stabilizationWindowSeconds": {**_WHOLE, "maximum": 3600},
        "policies": {
            "type": "array",
            "items": _object(
                {"type": {"enum": ["Pods", "Percent"]}, "value": _WHOLE, "periodSeconds": {**_WHOLE, "maximum": 1800}}
            ),
        },
    }
)
_KAFKA_TRIGGER = _object(
    {
        "type": {"const": "kafka"},
        # KEDA takes the metadata of a trigger as texts, numbers too.
        "metadata": _object(dict.fromkeys(("bootstrapServers", "consumerGroup", "topic", "lagThreshold"), _TEXT)),
    }
)

SCHEMAS = {
    ("keda.sh/v1alpha1", "ScaledObject"): _object(
        {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            "metadata": _METADATA,
            "spec": _object(
                {
                    "scaleTargetRef": _object({"apiVersion": _TEXT, "kind": _TEXT, "name": _TEXT}),
                    "minReplicaCount": _WHOLE,
                    "maxReplicaCount": _WHOLE,
                    "pollingInterval": _WHOLE,
                    "cooldownPeriod": _WHOLE,
                    "advanced": _object(
                        {"horizontalPodAutoscalerConfig": _object({"behavior": _object({"scaleDown": _SCALING})})}
                    ),
                    "triggers": {"type": "array", "minItems": 1, "items": _KAFKA_TRIGGER},
                }
            ),
        }
    ),
    ("kafka.strimzi.io/v1", "KafkaTopic"): _object(
        {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            "metadata": _METADATA,
            "spec": _object(
                {
                    "partitions": {**_WHOLE, "minimum": 1},
                    "replicas": {**_WHOLE, "minimum": 1},
                    "config": {
                        "type": "object",
                        "additionalProperties": {"type": ["string", "integer", "boolean"]},
                    },
                }
            ),
        }
    ),
}
