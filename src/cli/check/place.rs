//! The folders lumbung lives in: the config folder against what this version ships, and the disk of the warehouse.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Finding;
use crate::cli::Context;
use crate::cli::exit::Code;
use crate::config;
use crate::warehouse::Space;

/// Most files that are named one by one.
const NAMED_MAX: usize = 5;

const MIB: u64 = 1 << 20;

/// Which config folder is used, and which of its files are this body's own: after an upgrade those are to be compared.
pub(super) fn folder(context: &Context) -> Finding {
    let what = "config folder";
    let Some(folder) = context.folder.path() else {
        return Finding::remark(what, "ok, none: what the binary carries is used; `lumbung init` writes one to edit");
    };
    let own = |(name, text): (&'static str, &'static str)| {
        let found = std::fs::read(folder.join(name)).ok()?;
        (name != config::ENV_EXAMPLE && found != text.as_bytes()).then_some(name)
    };
    let own: Vec<&str> = config::shipped().filter_map(own).collect();
    let place = folder.display();
    Finding::remark(
        what,
        match own.as_slice() {
            [] => format!("ok, {place}"),
            own => {
                let more = if own.len() > NAMED_MAX { ", …" } else { "" };
                let named = own.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
                format!("ok, {place}; {} of its files differ from those of this version: {named}{more}", own.len())
            }
        },
    )
}

/// Whether there is room for a load.
pub(super) fn disk(context: &Context) -> Option<Finding> {
    let place = [context.warehouse.as_path(), Path::new(".")].into_iter().find(|path| path.is_dir())?;
    let free = Space::of(place).ok()?.free;
    let said = format!("{} MiB free for {}", free / MIB, context.warehouse.display());
    let least = context.config.warehouse.disk_free_min_mb.saturating_mul(MIB);
    Some(match free >= least {
        true => Finding::remark("disk", format!("ok, {said}")),
        false => {
            let hint = "loads leave warehouse.disk_free_min_mb free; make room (lumbung gc), or give --warehouse another disk";
            Finding::new("disk", Err((Code::CannotWrite, format!("only {said}; {hint}"))))
        }
    })
}

/// Whether others may read the secrets of the config folder, where some stand there.
pub(super) fn environment_file(context: &Context) -> Option<Finding> {
    let path = context.folder.path()?.join(config::ENV_FILE);
    let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
    let place = path.display();
    let result = match mode & 0o077 {
        0 => Ok(()),
        _ => Err((Code::Configuration, format!("others may read {place} (mode {mode:04o}): chmod 600 {place}"))),
    };
    Some(Finding::new(config::ENV_FILE, result))
}
