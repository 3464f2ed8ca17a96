"""The rules, the policy language and the timeline."""
