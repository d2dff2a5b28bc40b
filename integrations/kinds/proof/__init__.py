"""The proof: what Clio asks for and what QuickBooks holds, both as read afresh, compared record by record."""
