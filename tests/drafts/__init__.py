"""How good drafts of `trialweave new-site` are: the demo's exports drafted, and compared value by value with the demo's own mappings."""
