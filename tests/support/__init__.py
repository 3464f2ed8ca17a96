"""What tests and benchmarks share: servers, installations, builders."""
