"""From estimates to quantities, summary, correlations, paired differences and findings."""
