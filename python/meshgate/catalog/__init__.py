"""Where products, versions, receipts, decisions and service levels are found."""
