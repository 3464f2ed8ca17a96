"""Where events come from when no shop sends them live: real data sets, files, a simulator."""
