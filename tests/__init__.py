"""The tests. They mirror webapp/, and run against real servers on loopback."""
