//! One load, from plan to commit.
