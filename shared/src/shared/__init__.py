"""What every project of the platform shares: settings, the warehouse, the run ledger, data quality."""
