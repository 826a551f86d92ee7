//! Config files and the environment as typed structs.
