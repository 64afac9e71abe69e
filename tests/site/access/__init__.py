"""Who may read and do what: our endpoints, doctypes, pages, and the framework's own doors."""
