"""Makes the exports of config/demo: a seeded programme of four trials, written in the habits of twelve sites.

What belongs here: drawing participants (programme.py), writing files (sheets.py), one module a trial for how its sites
write and which problems are planted. What does not: anything the application imports; it never reads this folder.
"""
