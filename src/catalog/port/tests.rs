//! A catalog as its clients see it.
