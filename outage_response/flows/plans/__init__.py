"""Plans that come with the app beside the company's own."""
