"""Publishing a policy, and reading what is published."""
