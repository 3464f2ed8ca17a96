"""SDKs as programs of their own, with nothing changed but the address and the key: what they send is what they send."""
