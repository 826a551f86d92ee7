//! Weeks of a daemon in seconds and a year of it in minutes: the schedule runs loads of the simulated treasury and reports by a
//! clock that is handed in, while the source fails, the daemon is down and the clock jumps. One morning of the real daemon, and
//! many that end by `kill -9`.

mod daemon;
mod kill;
mod story;
mod weeks;
mod world;
mod year;
