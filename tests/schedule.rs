//! Weeks of a daemon in seconds: the schedule runs loads of the simulated treasury and a report by a clock that is handed in, while
//! the source fails, the daemon is down and the clock jumps. And one morning of the real daemon.

mod daemon;
mod weeks;
