"""Read this first: the whole rules in plain Python, the best map of the product.

It is the rules of docs/semantics.md written a second time, from that page alone and sharing no line with the product:
no index, no cache, no generated code, every customer decided from the beginning. ``events`` says what can be used,
``memory`` what is remembered, ``features`` and ``conditions`` what a policy may ask, ``standing`` what is decided at an
instant, ``passing`` when time alone changes something, ``lifetime`` all of it together, and ``adoption`` what becomes
of a customer under a new policy. The tests beside it let the product and the model decide the same events, and find no
difference; after a chaos run the model is the judge.
"""
