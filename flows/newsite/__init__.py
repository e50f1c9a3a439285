"""A new site in minutes: from the files of an export to a draft of site.yaml, each line with a confidence and the reason.

What belongs here: looking at an export and proposing. What does not: reading files (flows/readers), what a mapping means
(flows/engine/mapping), the commands (flows/cli/new_site.py).

The road: opening.py (files -> sheets), column.py (what a column holds), lexicon.py and naming.py (what a name may mean), tables.py (which
intake table a sheet is), fields.py and its neighbours (how a field is read), draft.py (the whole), yaml_text.py (as text).

Nothing is guessed silently: what an export does not prove is written as DECIDE, with what speaks for each answer. A draft holds no
participant's value: codes only where a column has few of them, never names, identifiers or free text.
"""
