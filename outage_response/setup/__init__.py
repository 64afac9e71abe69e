"""Install, uninstall, and the data that the app brings."""
