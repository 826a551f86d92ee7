//! The source contract: what is asked of a system and what its columns mean.
