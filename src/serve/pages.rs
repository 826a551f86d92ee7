//! Memory of a process that mostly waits.

/// No huge pages from here on: the allocator asks for them, and an idle daemon holds 15 MB more in half-used ones than in small
/// ones (`cargo bench --bench idle`). Where the system refuses, nothing but that is lost.
pub fn small() {
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "huge pages stay");
    }
}
