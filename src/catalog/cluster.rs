//! Beyond one machine: the same plans on a Ballista cluster, whose scheduler and executors are this program, too.
//!
//! A session plans a query as it always does, with its own tables, views and guards, and ships the physical plan. The
//! scheduler cuts it into stages at every exchange of rows; executors run the stages and hand each other the rows between
//! them. Committed files are not sent: they travel by name, and every executor opens them below the warehouse it was
//! started with, which is one shared file system.
//!
//! | file | what |
//! |---|---|
//! | [`address`] | `df://host:port` |
//! | [`client`] | [`Cluster`]: the engine of a session |
//! | `job` | one plan on its way: handed in, watched, stopped, its rows fetched |
//! | `ship` | a plan as it travels |
//! | `envelope` | deep plans, for readers that follow a hundred levels |
//! | `settings` | what client, scheduler and executors agree on |
//! | `files` | committed files below an executor's own warehouse, and nothing else |
//! | [`scheduler`] | the process that cuts plans into stages and hands out their tasks |
//! | [`executor`] | the processes that run them |
//! | [`error`] | what can go wrong |
//!
//! The protocol has neither authentication nor encryption: `docs/cluster.md`.

pub mod address;
pub mod client;
mod envelope;
pub mod error;
pub mod executor;
mod files;
mod job;
pub mod scheduler;
mod settings;
mod ship;

pub use address::ClusterAddress;
pub use client::Cluster;
pub use error::ClusterError;
