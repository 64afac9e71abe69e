"""What is known of properties, people, plans and outages, read in a fixed number of queries."""
