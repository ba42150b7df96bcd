"""Public-inquiry bot of a police department: approved answers, 911 first."""
