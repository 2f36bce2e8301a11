"""Results: estimates, quantities, summary, correlations, paired differences and findings."""
