"""Published sets in the formats of others: SAS transport, SPSS, Stata, Dataset-JSON, ODM-XML, CSV; and SDTM-shaped domains.

What belongs here: one file a format, each `write(source, path, ...) -> Written`, registered by name in formats.py. What does not:
what is in a set (sql/3_analysis), reading these formats (flows/readers).

No value and no label is changed without being told: what a format cannot hold is split, or refused with a sentence that says what to
do, or written as near as the format allows with a note in the export's report. Text is never cut. Rows are streamed, so that a set of
millions of rows needs no more memory than a small one.
"""
