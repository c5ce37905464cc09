"""What every area needs: errors, events, pages, the clock and the unit of work."""
