"""Three nights of the demo with changed, late, dropped, cut and drifting data, and what became of each (`make demo-nights`).

What belongs here: planted.csv (what is done, and what a command must say), lives.csv (each finding's life), playing and comparing.
What does not: the engine's own tests (tests/golden/test_hold.py).
"""
