"""What the code says of itself: pages of docs/ and the text of `trialweave explain-rule`.

What belongs here: reading rules, SQL headers, configuration models and spec tests, and writing them down. What does not: any
fact of its own. A sentence that is missing on a page is missing where it belongs: a docstring, a header, a description.
"""
