"""Pages to play the other side: what people do in Clio and in QuickBooks, as plain forms."""
