//! The inbox as a whole: the program itself, called over loopback by the sandbox.

mod daemon;
mod kill;
mod tally;
