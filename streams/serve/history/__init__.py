"""History over HTTP: members and flows by date, the transitions of each customer, and what lies ahead."""
