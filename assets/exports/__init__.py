"""What each kind of export takes from the store; the writers are in `pipeline.exports`."""
