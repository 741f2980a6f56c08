"""History of a venue, kept page by page: bars in the ledger, public trades in a Parquet file."""
