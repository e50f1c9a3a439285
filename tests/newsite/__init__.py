"""`trialweave new-site`: what an export proves, what it leaves open, and that a draft runs."""
