"""Workloads, peers and the harness that measures meshgate beside them."""
