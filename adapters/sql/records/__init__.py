"""What projections keep of events, a module a table."""
