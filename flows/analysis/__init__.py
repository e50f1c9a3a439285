"""A worked analysis of a release: the field's questions, asked of each unblinded trial and of all of them together.

What belongs here: reading, models, pooling, the effect table and its pictures. What does not: what a variable means (sql/), a trial's own
statistical analysis plan. Needs the extra [analysis] (statsmodels).
"""
