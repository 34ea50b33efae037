"""A cluster on one machine, for trying it: Ray's nodes, PostgreSQL and an object store."""
