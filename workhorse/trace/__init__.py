"""The export of a Jenkins' past as a trace, the CSV that the simulator replays."""
