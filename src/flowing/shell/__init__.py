"""The imperative shell: one lock and a state, threads, timers. No scheduling decisions."""
