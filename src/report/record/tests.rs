//! Manifests, grounds and differences.
