"""What is made of events for reading: rows that can be made anew."""
