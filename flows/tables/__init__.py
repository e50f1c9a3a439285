"""The tables of the field, counted in a release: dosage, timing, and doses more than 60 minutes before exposure.

What belongs here: means with their intervals, hiding small cells, Parquet, CSV and HTML. What does not: which class a participant
is of (sql/5_tables).
"""
