"""Values and decisions. Nothing here waits, reads, writes, logs or looks at a clock."""
