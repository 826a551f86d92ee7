//! The source systems, simulated over real HTTP.
