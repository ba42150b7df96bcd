"""The console: pages for those who sign in."""
