//! What the system says of this process: `/proc/self`. Where it says nothing the figure is left out.

use std::fs;

use chrono::TimeDelta;

/// What this process takes at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Process {
    /// Memory it holds, in bytes.
    pub(super) resident: Option<u64>,
    /// Time that all its threads have computed.
    pub(super) cpu: Option<TimeDelta>,
    /// Open files and connections.
    pub(super) open_files: Option<u64>,
}

/// Ticks of a second, where the system does not say: so it is on every Linux there is.
const TICKS_A_SECOND: u64 = 100;

/// The key of the ticks of a second in the auxiliary vector.
const AT_CLKTCK: usize = 17;

impl Process {
    /// This one, now.
    pub(super) fn this() -> Self {
        let text = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).ok();
        let auxiliary = fs::read("/proc/self/auxv").unwrap_or_default();
        // The folder that is being read is open, too.
        let open_files = fs::read_dir("/proc/self/fd").ok().map(|files| (files.count() as u64).saturating_sub(1));
        Self {
            resident: text("status").as_deref().and_then(resident),
            cpu: text("stat").as_deref().and_then(|stat| cpu(stat, ticks_a_second(&auxiliary))),
            open_files,
        }
    }
}

/// `VmRSS` of `/proc/self/status`, in bytes.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

/// Time in user mode and in the system of `/proc/self/stat`; the program's name, in brackets, may hold anything.
fn cpu(stat: &str, ticks_a_second: u64) -> Option<TimeDelta> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()?.checked_add(ticks()?)?;
    let millis = ticks.checked_mul(1_000)? / ticks_a_second.max(1);
    TimeDelta::try_milliseconds(i64::try_from(millis).ok()?)
}

fn ticks_a_second(auxiliary: &[u8]) -> u64 {
    const WORD: usize = size_of::<usize>();
    let words: Vec<usize> =
        auxiliary.chunks_exact(WORD).filter_map(|word| Some(usize::from_ne_bytes(word.try_into().ok()?))).collect();
    let found = words.chunks_exact(2).find(|pair| pair[0] == AT_CLKTCK).map(|pair| pair[1] as u64);
    found.filter(|ticks| *ticks > 0).unwrap_or(TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use super::{AT_CLKTCK, Process, cpu, resident, ticks_a_second};
    use chrono::TimeDelta;

    #[test]
    fn the_systems_words_are_read() {
        assert_eq!(resident("Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t   58012 kB\n"), Some(58_012 * 1_024));
        assert_eq!(resident("Name:\tx\n"), None);
        let stat = "123 (lum) bung (x) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 5 0 100 1 2";
        assert_eq!(cpu(stat, 100), Some(TimeDelta::milliseconds(3_000)));
        assert_eq!(cpu("123 (x) S 1", 100), None);
        let words: Vec<u8> =
            [6, 4_096, AT_CLKTCK, 250, 0, 0].iter().flat_map(|word: &usize| word.to_ne_bytes()).collect();
        assert_eq!((ticks_a_second(&words), ticks_a_second(&[])), (250, 100));
    }

    #[test]
    fn this_process_takes_something() {
        if !std::path::Path::new("/proc/self/stat").exists() {
            return;
        }
        let process = Process::this();
        assert!(
            process.resident > Some(1 << 20) && process.open_files > Some(2) && process.cpu.is_some(),
            "{process:?}"
        );
    }
}
