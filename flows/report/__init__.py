"""report.html: what a release holds and how its sites work, on one page that needs nothing else.

What belongs here: counts of a release (sql/7_report computes them), sites beside each other, charts, the page, a summary for later
reports. What does not: what is published or checked. No arm is read anywhere here, no text that a site wrote, and of participants only
counts; the one exception are the keys of events of special interest, which the shareable form leaves out.

The report is no part of what a release proves: it shows earlier releases and the findings' history, which a prune or a purge may take
away. So it is not in the manifest, is written after `latest` was switched, and may be written again at any time (`trialweave report`).
The same data folder, configuration and code give the same bytes.
"""
