//! Parse, wire, print, exit code.
