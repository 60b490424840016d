//! The one place that runs the engine: timed, with its panics caught and its texts kept inside.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use regorus::unstable::{Module, Ref, Rule};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, LimitError, Value};

use crate::builtins;
use crate::finding::Code;

thread_local! {
    /// Whether a panic of this thread is expected and must not be printed.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the panics that are caught here from being printed: their texts hold values.
fn install_quiet_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
}

/// The engine panicked; what it was working on must be dropped.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Runs `f`; a panic in it is an error and prints nothing.
pub(crate) fn guarded<T>(f: impl FnOnce() -> T) -> Result<T, Panicked> {
    install_quiet_hook();
    let before = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(f));
    QUIET.set(before);
    result.map_err(|_| Panicked)
}

/// Stack of a thread that evaluates or loads: the guards bound the depth that it must hold.
const STACK_BYTES: usize = 64 << 20;
/// Threads that may be left behind, still busy with a comparison that nothing interrupts.
const MAX_LEFT_BEHIND: usize = 8;
static LEFT_BEHIND: AtomicUsize = AtomicUsize::new(0);

/// Runs `f` on a stack of its own and waits for it; `None` when it panicked or got no thread.
pub(crate) fn on_own_stack<T: Send>(f: impl FnOnce() -> T + Send) -> Option<T> {
    let own = || guarded(f).ok();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, own);
        thread.ok()?.join().ok().flatten()
    })
}

/// Why work on a stack of its own has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// It was not done in time, or too many others are still not done.
    Late,
    /// It panicked.
    Panicked,
}

/// Runs `f` on a stack of its own for at most this long; after that it is left behind, its result
/// is dropped, and the caller goes on.
pub(crate) fn within<T: Send + 'static>(
    budget: Duration,
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Lost> {
    if LEFT_BEHIND.load(Ordering::Relaxed) >= MAX_LEFT_BEHIND {
        return Err(Lost::Late);
    }
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let late = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&late);
    let own = move || {
        let result = guarded(f).map_err(|Panicked| Lost::Panicked);
        let Ok(late) = seen.lock() else { return };
        if *late {
            LEFT_BEHIND.fetch_sub(1, Ordering::Relaxed);
        }
        let _ = sender.send(result);
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(own);
    thread.map_err(|_| Lost::Late)?;
    if let Ok(result) = receiver.recv_timeout(budget) {
        return result;
    }
    let mut late = late.lock().map_err(|_| Lost::Late)?;
    if let Ok(result) = receiver.try_recv() {
        return result;
    }
    *late = true;
    LEFT_BEHIND.fetch_add(1, Ordering::Relaxed);
    Err(Lost::Late)
}

/// Where an error happened: file, line and column as the engine knows them.
pub(crate) type Place = (String, u32, u32);

/// Why an evaluation has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) place: Option<Place>,
}

/// Reads the place from the first line of the engine's message, `--> file:line:column`. The rest of
/// the message can hold values and is dropped. File names are the engine's own (`m0`, `m1`).
pub(crate) fn place_of(error: &anyhow::Error) -> Option<Place> {
    let text = error.to_string();
    let mut parts = text.lines().find_map(|line| line.strip_prefix("--> "))?.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), line, column))
}

/// The column of a line in characters, from the engine's, which counts a tab as four.
pub(crate) fn column_in(text: &str, line: u32, column: u32) -> u32 {
    let text = text.split('\n').nth(line.saturating_sub(1) as usize).unwrap_or_default();
    let mut width = 1;
    for (at, c) in text.chars().enumerate() {
        if width >= column {
            return at as u32 + 1;
        }
        width += if c == '\t' { 4 } else { 1 };
    }
    text.chars().count() as u32 + 1
}

/// A question to the engine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    /// The value of a rule that is defined under exactly this path.
    Rule(&'a str),
    /// The document at a path, whatever defines it.
    Document(&'a str),
    /// What one rule alone contributes at a path below `data`.
    One(&'a Ref<Module>, &'a Ref<Rule>, &'a [String]),
}

/// A prepared engine and its idle clones. A clone that met an error is dropped, because the engine
/// does not restore its state on errors.
#[derive(Debug)]
pub(crate) struct Pool {
    base: Engine,
    idle: Mutex<Vec<Engine>>,
}

const MAX_IDLE: usize = 64;

/// One decision's use of a clone, until its deadline.
pub(crate) struct Session<'p> {
    pool: &'p Pool,
    engine: Option<Engine>,
    input: Value,
    now_ns: i64,
    deadline: Instant,
}

impl Pool {
    pub(crate) fn new(base: Engine) -> Self {
        Self { base, idle: Mutex::new(Vec::new()) }
    }

    pub(crate) fn session(&self, input: Value, now_ns: i64, budget: Duration) -> Session<'_> {
        let deadline = Instant::now() + budget;
        Session { pool: self, engine: None, input, now_ns, deadline }
    }

    fn take(&self) -> Engine {
        // Never waits: a forked child may find the lock taken by a thread that it does not have.
        let idle = self.idle.try_lock().ok().and_then(|mut idle| idle.pop());
        idle.unwrap_or_else(|| self.base.clone())
    }

    fn give_back(&self, engine: Engine) {
        if let Ok(mut idle) = self.idle.try_lock() {
            if idle.len() < MAX_IDLE {
                idle.push(engine);
            }
        }
    }
}

impl Session<'_> {
    /// The answer, or why there is none. `Value::Undefined` is an answer.
    pub(crate) fn ask(&mut self, ask: Ask<'_>) -> Result<Value, Failure> {
        self.run(|engine| evaluate(engine, ask))
    }

    /// The lines that are evaluated for one rule alone, in its own module.
    pub(crate) fn lines(
        &mut self,
        module: &Ref<Module>,
        rule: &Ref<Rule>,
    ) -> Result<BTreeSet<u32>, Failure> {
        self.run(|engine| {
            engine.set_enable_coverage(true);
            let value = engine.eval_rule_in_module(module, rule, false);
            let report = engine.get_coverage_report();
            engine.set_enable_coverage(false);
            value?;
            let own = module.package.span.source.get_path();
            let files = report?.files.into_iter();
            Ok(files.filter(|file| file.path == *own).flat_map(|file| file.covered).collect())
        })
    }

    fn run<T>(&mut self, f: impl FnOnce(&mut Engine) -> anyhow::Result<T>) -> Result<T, Failure> {
        let fail = |code| Failure { code, place: None };
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(fail(Code::Timeout));
        }
        let mut engine = self.engine.take().unwrap_or_else(|| {
            let mut engine = self.pool.take();
            engine.set_input(self.input.clone());
            engine
        });
        builtins::begin(self.now_ns);
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: left,
            check_interval: NonZeroU32::MIN,
        });
        let result = guarded(move || {
            let value = f(&mut engine);
            let _ = engine.take_prints();
            (value, engine)
        });
        match result {
            Err(Panicked) => Err(fail(Code::Panic)),
            Ok((Ok(value), engine)) => {
                self.engine = Some(engine);
                // A builtin is not interrupted: what came late does not count.
                if Instant::now() > self.deadline {
                    return Err(fail(Code::Timeout));
                }
                Ok(value)
            }
            Ok((Err(error), engine)) => {
                // The text of an error may be endless; dropping engine and error is guarded too.
                let place = guarded(|| place_of(&error)).ok().flatten();
                let code = code_of(&error);
                let _ = guarded(move || drop((engine, error)));
                Err(Failure { code, place })
            }
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if let Some(mut engine) = self.engine.take() {
            engine.set_input(Value::Undefined);
            self.pool.give_back(engine);
        }
    }
}

fn evaluate(engine: &mut Engine, ask: Ask<'_>) -> anyhow::Result<Value> {
    match ask {
        Ask::Rule(path) => engine.eval_rule(path.to_owned()),
        Ask::Document(path) => {
            let results = engine.eval_query(path.to_owned(), false)?;
            let first = results.result.into_iter().next();
            let value = first.and_then(|r| r.expressions.into_iter().next());
            Ok(value.map_or(Value::Undefined, |e| e.value))
        }
        Ask::One(module, rule, path) => {
            let mut value = engine.eval_rule_in_module(module, rule, false)?;
            for name in path {
                let next = value.as_object().ok().and_then(|o| o.get(&Value::from(name.as_str())));
                value = next.cloned().unwrap_or(Value::Undefined);
            }
            Ok(value)
        }
    }
}

fn code_of(error: &anyhow::Error) -> Code {
    match error.downcast_ref::<LimitError>() {
        Some(LimitError::TimeLimitExceeded { .. }) => Code::Timeout,
        Some(_) => Code::Limit,
        None if builtins::limit_met() => Code::Limit,
        // The engine wraps errors of functions in new ones, of which only the text is left.
        None if error.to_string().contains("execution exceeded time limit") => Code::Timeout,
        None => Code::EvaluationFailed,
    }
}

/// A fresh engine with all extensions.
pub(crate) fn fresh(limits: &Arc<crate::limits::Limits>) -> anyhow::Result<Engine> {
    let mut engine = Engine::new();
    engine.set_gather_prints(true);
    engine.set_strict_builtin_errors(true);
    let max = |n: usize| std::num::NonZeroUsize::new(n).unwrap_or(std::num::NonZeroUsize::MAX);
    engine.set_policy_length_config(regorus::PolicyLengthConfig {
        max_col: NonZeroU32::new(limits.max_columns).unwrap_or(NonZeroU32::MAX),
        max_file_bytes: max(limits.max_file_bytes),
        max_lines: max(limits.max_lines),
    });
    builtins::install(&mut engine, limits)?;
    Ok(engine)
}
