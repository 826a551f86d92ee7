//! The unit and the package: checked by systemd itself where it is there, and against the files they name.

use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{has, lumbung, root};
use crate::harness::{PII_KEY, Running, walk};

/// What `systemd-analyze security` may come to, in tenths: docs/operate.md states the figure.
const EXPOSURE_MAX: &str = "11";

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn systemd_accepts_the_unit_and_finds_it_shut() {
    if !has("systemd-analyze") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let unit = folder.path().join("lumbung.service");
    // The program is not installed where this runs.
    let text = read("config/deploy/lumbung.service").replace("/usr/bin/lumbung", env!("CARGO_BIN_EXE_lumbung"));
    std::fs::write(&unit, text).unwrap();
    let analyze = |arguments: &[&str]| {
        let ran = Command::new("systemd-analyze").args(arguments).arg(&unit).output().unwrap();
        (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
    };
    let (fine, said) = analyze(&["verify", "--man=no", "--recursive-errors=no"]);
    assert!(fine && !said.contains("lumbung.service"), "{said}");
    let threshold = format!("--threshold={EXPOSURE_MAX}");
    let (shut, said) = analyze(&["security", "--offline=true", "--no-pager", &threshold]);
    assert!(shut, "{said}");
    assert!(read("docs/operate.md").contains("exposure of 1.1"), "docs/operate.md states another figure: {said}");
}

#[test]
fn the_unit_waits_longer_than_the_daemon_drains() {
    let unit = read("config/deploy/lumbung.service");
    let minutes = |key: &str| -> u64 {
        let line = unit.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("no {key}"));
        line.strip_suffix("min").unwrap().parse().unwrap()
    };
    let config = lumbung::config::ConfigFolder::embedded().config(&[]).unwrap();
    let drained = config.schedule.drain_secs + config.serve.drain_secs;
    assert!(minutes("TimeoutStopSec=") * 60 >= 2 * drained, "the daemon would be killed while it drains {drained} s");
    for line in ["Type=notify", "UMask=0077", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict"]
    {
        assert!(unit.lines().any(|found| found == line), "no {line}");
    }
}

#[test]
fn maintainer_scripts_are_shell_and_leave_room_for_the_units() {
    for name in ["postinst", "prerm", "postrm"] {
        let path = root().join("config/deploy/deb").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("#!/bin/sh\n") && text.contains("\n#DEBHELPER#\n"), "{name}");
        assert!(Command::new("sh").arg("-n").arg(&path).status().unwrap().success(), "{name}");
        // Nothing is started that nobody set up, and no data is removed.
        assert!(!text.contains("systemctl start") && !text.contains("rm -r"), "{name}");
    }
}

#[test]
fn the_package_holds_every_file_of_the_config_folder() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let package = &manifest["package"];
    assert_eq!(package["license"].as_str(), Some("Apache-2.0"));
    assert!(read("LICENSE").contains("Apache License") && read("LICENSE").contains("END OF TERMS AND CONDITIONS"));
    let deb = &package["metadata"]["deb"];
    let texts = |value: &toml::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let conf_files: BTreeSet<String> = texts(&deb["conf-files"]).into_iter().collect();
    let shipped = lumbung::config::shipped().map(|(name, _)| name).filter(|name| *name != "lumbung.env.example");
    let shipped: BTreeSet<String> = shipped.map(|name| format!("/etc/lumbung/{name}")).collect();
    assert_eq!(conf_files, shipped);
    for asset in deb["assets"].as_array().unwrap() {
        let asset = texts(asset);
        let place = asset[0].split('*').next().unwrap();
        // What is made when the package is built lies below target/.
        assert!(place.starts_with("target/") || root().join(place).exists(), "{asset:?}");
    }
    let units = &deb["systemd-units"];
    assert_eq!((units["enable"].as_bool(), units["start"].as_bool()), (Some(false), Some(false)));
    // Whatever stands in the folders of the config is part of it: no file that the globs would add unseen.
    let mut files = Vec::new();
    ["sources", "reports", "reference"].iter().for_each(|name| walk(&root().join("config").join(name), &mut files));
    assert_eq!(files.len() + 1, shipped.len(), "a file below config/ that is not shipped: {files:?}");
}

#[test]
fn the_daemon_reports_to_systemd() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("notify");
    let listener = UnixDatagram::bind(&socket).unwrap();
    listener.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let heard = || {
        let mut bytes = [0; 64];
        let n = listener.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..n].to_vec()).unwrap()
    };
    let mut command = lumbung(folder.path(), &["--set", "serve.http=127.0.0.1:0", "serve"]);
    command.env("LUMBUNG_PII_KEY", PII_KEY).env("LUMBUNG_INBOX_PADI_TOKEN", "rahasia-inbox");
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "600000000");
    let mut daemon = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    assert_eq!([heard(), heard()], ["READY=1", "WATCHDOG=1"]);
    assert!(Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]).status().unwrap().success());
    assert_eq!(heard(), "STOPPING=1");
    assert_eq!(daemon.0.wait().unwrap().code(), Some(0));
}
