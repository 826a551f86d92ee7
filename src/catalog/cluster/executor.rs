//! The process that runs tasks: it opens committed files below its own warehouse and keeps the rows between two stages in
//! a folder of its own until they are fetched.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::RuntimeProducer;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_executor::health::ExecutorHealth;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use tokio::time::{MissedTickBehavior, interval};

use super::address::ClusterAddress;
use super::error::ClusterError;
use super::files::WarehouseFiles;
use super::scheduler::host_of;
use super::settings::{self, GRACE_SECS, HEARTBEAT_SECS, LEFT_ROWS_SECS, MESSAGE_BYTES_MAX};

/// How an executor is started.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// Whose tasks it takes.
    pub scheduler: ClusterAddress,
    /// Where others fetch rows; tasks come in at the port behind it. Port 0 takes any two free ones.
    pub bind: SocketAddr,
    /// The host by which scheduler, clients and other executors reach it; without one the address it listens at, or the
    /// one the scheduler sees it come from.
    pub advertise: Option<String>,
    /// How many tasks run at the same time.
    pub slots: usize,
    /// Memory of all slots together, in bytes.
    pub memory_bytes: u64,
    /// Folder for the rows between stages; without one a folder below the system's for temporary files, removed at the
    /// end.
    pub work_folder: Option<PathBuf>,
    /// The folder of committed files, as this machine sees it.
    pub files: PathBuf,
}

/// An executor that its scheduler knows.
#[derive(Debug)]
pub struct Started<'a> {
    /// Where rows are fetched.
    pub rows: SocketAddr,
    /// Where tasks come in.
    pub tasks: SocketAddr,
    /// Where rows between stages lie.
    pub work_folder: &'a Path,
}

/// Runs an executor until it is told to stop by a signal; `ready` hears of it once the scheduler does.
///
/// # Errors
/// When it cannot start, or loses its scheduler for good.
pub async fn run(options: &ExecutorOptions, ready: impl FnOnce(&Started)) -> Result<(), ClusterError> {
    let files = WarehouseFiles::new(&options.files).map_err(|error| {
        let folder = options.files.display();
        ClusterError::Start(format!("the committed files cannot be read: {folder}: {error}"))
    })?;
    let (rows, tasks) = ports(options.bind)?;
    let work = WorkFolder::open(options.work_folder.as_deref())?;
    let started = Started { rows, tasks, work_folder: &work.path };
    let health = ExecutorHealth::new();
    let config = config(options, &started, (files, health.clone()))?;
    let mut process = pin!(start_executor_process(Arc::new(config)));
    // The library tells of its readiness only to those who ask.
    let mut asking = interval(Duration::from_millis(20));
    asking.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut ready = Some(ready);
    loop {
        tokio::select! {
            ended = &mut process => {
                return ended.map_err(|error| {
                    ClusterError::Ended(format!("the executor of {} ended: {error}", options.scheduler))
                });
            }
            _ = asking.tick(), if ready.is_some() => {
                if let Some(ready) = health.is_ready().then(|| ready.take()).flatten() {
                    ready(&started);
                }
            }
        }
    }
}

/// The two ports. Free ones are found by taking them for a moment: the library wants to take them itself.
fn ports(bind: SocketAddr) -> Result<(SocketAddr, SocketAddr), ClusterError> {
    let fail = |error: &dyn std::fmt::Display| {
        ClusterError::Start(format!("the executor cannot listen at {bind} and the port behind it: {error}"))
    };
    let at = |port: u16| SocketAddr::new(bind.ip(), port);
    let behind = match bind.port() {
        0 => 0,
        port => port.checked_add(1).ok_or_else(|| fail(&"there is none behind it"))?,
    };
    let rows = TcpListener::bind(bind).map_err(|error| fail(&error))?;
    let tasks = TcpListener::bind(at(behind)).map_err(|error| fail(&error))?;
    let port = |listener: &TcpListener| listener.local_addr().map_err(|error| fail(&error));
    Ok((port(&rows)?, port(&tasks)?))
}

fn config(
    options: &ExecutorOptions,
    started: &Started,
    (files, health): (Arc<WarehouseFiles>, ExecutorHealth),
) -> Result<ExecutorProcessConfig, ClusterError> {
    let work = started.work_folder.to_path_buf();
    let name = work.to_str().map(str::to_owned);
    let name = name.ok_or_else(|| ClusterError::Start(format!("{} is not UTF-8", work.display())))?;
    let runtime: RuntimeProducer = Arc::new(move |_| {
        let runtime = RuntimeEnvBuilder::new().with_temp_file_path(&work).build_arc()?;
        settings::confine(&runtime, Arc::clone(&files) as _)?;
        Ok(runtime)
    });
    // The library's own list leaves out the functions on arrays.
    let functions = SessionStateBuilder::new_with_default_features().build();
    Ok(ExecutorProcessConfig {
        bind_host: host_of(options.bind).unwrap_or_else(|| match options.bind {
            SocketAddr::V4(_) => "0.0.0.0".to_owned(),
            SocketAddr::V6(_) => "[::]".to_owned(),
        }),
        external_host: options.advertise.clone().or_else(|| host_of(options.bind)),
        port: started.rows.port(),
        grpc_port: started.tasks.port(),
        scheduler_host: options.scheduler.host().to_owned(),
        scheduler_port: options.scheduler.port(),
        scheduler_connect_timeout_seconds: u16::try_from(GRACE_SECS).unwrap_or(u16::MAX),
        vcores: options.slots,
        task_scheduling_policy: TaskSchedulingPolicy::PushStaged,
        work_dir: Some(name),
        job_data_ttl_seconds: LEFT_ROWS_SECS,
        job_data_clean_up_interval_seconds: LEFT_ROWS_SECS,
        grpc_max_decoding_message_size: MESSAGE_BYTES_MAX,
        grpc_max_encoding_message_size: MESSAGE_BYTES_MAX,
        executor_heartbeat_interval_seconds: HEARTBEAT_SECS,
        memory_pool_size: Some(options.memory_bytes),
        override_runtime_producer: Some(runtime),
        override_function_registry: Some(Arc::new(BallistaFunctionRegistry::from(&functions))),
        health,
        ..ExecutorProcessConfig::default()
    })
}

/// A folder that only this user can look into.
struct WorkFolder {
    path: PathBuf,
    /// Whether it goes when the executor goes.
    ours: bool,
}

impl WorkFolder {
    fn open(given: Option<&Path>) -> Result<Self, ClusterError> {
        let own = || std::env::temp_dir().join(format!("lumbung-executor-{}", std::process::id()));
        let path = given.map_or_else(own, Path::to_path_buf);
        let ours = given.is_none();
        let mut builder = std::fs::DirBuilder::new();
        // A folder that is there already could be somebody else's; one that was named is meant.
        builder.mode(0o700).recursive(!ours);
        builder.create(&path).map_err(|source| ClusterError::WorkFolder { path: path.clone(), source })?;
        Ok(Self { path, ours })
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(folder = %self.path.display(), %error, "the work folder stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{WorkFolder, ports};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn free_ports_are_two() {
        let (rows, tasks) = ports("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(rows.port() != 0 && tasks.port() != 0 && rows != tasks);
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let error = ports(taken.local_addr().unwrap()).unwrap_err().to_string();
        assert!(error.contains("cannot listen at 127.0.0.1:"), "{error}");
        assert!(ports("127.0.0.1:65535".parse().unwrap()).is_err());
    }

    #[test]
    fn a_work_folder_is_private_and_goes_unless_it_was_named() {
        let dir = tempfile::tempdir().unwrap();
        let named = dir.path().join("a/b");
        drop(WorkFolder::open(Some(&named)).unwrap());
        assert_eq!(std::fs::metadata(&named).unwrap().permissions().mode() & 0o777, 0o700);
        drop(WorkFolder::open(Some(&named)).expect("it may be there"));
        let own = WorkFolder::open(None).unwrap();
        let path = own.path.clone();
        assert!(path.is_dir() && WorkFolder::open(None).is_err(), "one a process");
        drop(own);
        assert!(!path.exists());
    }
}
