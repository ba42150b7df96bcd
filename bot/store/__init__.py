"""What outlives the process: who was answered, what a chat is about, which questions had no answer."""
