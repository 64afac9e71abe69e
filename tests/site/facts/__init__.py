"""What is known of properties, people, plans and outages."""
