//! A pattern compiled for many rows: a dense automaton where its table stays small, otherwise the
//! search of the `regex-automata` crate; before either, for short texts, a chain of classes where the
//! pattern is one. All are linear in the row and give one answer.
//!
//! Compiling takes bounded time and memory; a pattern that needs more is refused. A compiled
//! pattern is immutable and shared between threads; what a search has to remember meanwhile is
//! lent to one thread at a time.

mod chain;
mod determine;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use arrow_array::ArrayRef;
use regex_automata::meta::{self, Cache};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::Input;
use regex_syntax::hir::{Hir, Look};

use crate::error::{Code, Error, Result};
use crate::kernels::dfa::Dfa;
use crate::kernels::marks::{Chain, Known};
use crate::kernels::rows::{self, Question, Rows};
use determine::determine;

/// Bytes of the compiled program, and of what a search may remember.
const PROGRAM_BYTES: usize = 4 << 20;
const CACHE_BYTES: usize = 2 << 20;
/// From this many bytes per row on, looking for a required literal beats reading every byte.
const LONG_ROW: usize = 48;

/// A language of byte strings, decided in linear time.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// Decides most short texts by itself.
    chain: Option<Chain>,
    table: Option<Dfa>,
    /// Without a table, or beside it for long rows.
    search: Option<Search>,
}

impl Pattern {
    /// Compiles the texts that contain a match of `hir`.
    ///
    /// # Errors
    /// `plan.bad_pattern` when the program would be too large.
    pub(crate) fn new(hir: &Hir) -> Result<Self> {
        let thompson = thompson::Config::new()
            .utf8(false)
            .nfa_size_limit(Some(PROGRAM_BYTES))
            .which_captures(WhichCaptures::None);
        let nfa = thompson::Compiler::new()
            .configure(thompson)
            .build_from_hir(hir)
            .map_err(|_| too_large())?;
        let table = determine(&nfa, lengths(hir));
        let search = if table.is_none() || !anchored(hir, Look::Start) {
            let search = Search::new(hir)?;
            (table.is_none() || search.regex.is_accelerated()).then_some(search)
        } else {
            None
        };
        Ok(Self { chain: chain::chain(hir), table, search })
    }

    /// Sets the bits of the valid rows that match, if `fails`, or of those that do not.
    ///
    /// # Errors
    /// `engine.internal` when the array holds no bytes.
    pub(crate) fn fill(
        &self,
        array: &ArrayRef,
        valid: Option<&[u64]>,
        out: &mut [u64],
        fails: bool,
    ) -> Result<()> {
        rows::fill(array, valid, out, fails, self)
    }

    /// Whether every text matches.
    pub(crate) fn matches_all(&self) -> bool {
        self.table.as_ref().is_some_and(Dfa::accepts_all)
    }

    /// Estimated nanoseconds per row of short texts.
    pub(crate) fn cost(&self) -> f64 {
        if self.chain.is_some() {
            6.0
        } else {
            20.0
        }
    }

    /// What runs, in a few words.
    pub(crate) fn explain(&self) -> String {
        let otherwise = match &self.table {
            Some(table) => format!("automaton of {} states, eight rows at a time", table.states()),
            None => "search in linear time".into(),
        };
        match &self.chain {
            Some(chain) => format!("{chain}, or {otherwise}"),
            None => otherwise,
        }
    }
}

impl Question for Pattern {
    fn ask<R: Rows>(&self, rows: &R, first: usize, asked: u64) -> u64 {
        let known = match &self.chain {
            Some(chain) => chain.ask(rows, first, asked),
            None => Known { found: 0, open: asked },
        };
        if known.open == 0 {
            return known.found;
        }
        let rest = match (&self.table, &self.search) {
            (Some(table), None) => table.ask(rows, first, known.open),
            (Some(table), Some(search)) => {
                if bytes(rows, first, known.open) < LONG_ROW * known.open.count_ones() as usize {
                    table.ask(rows, first, known.open)
                } else {
                    search.ask(rows, first, known.open)
                }
            }
            (None, Some(search)) => search.ask(rows, first, known.open),
            (None, None) => 0,
        };
        known.found | rest
    }
}

fn bytes<R: Rows>(rows: &R, first: usize, asked: u64) -> usize {
    let mut rest = asked;
    let mut sum = 0;
    while rest != 0 {
        sum += rows.len_of(first + rest.trailing_zeros() as usize);
        rest &= rest - 1;
    }
    sum
}

fn too_large() -> Error {
    Error::new(Code::BadPattern, "the pattern is too large")
        .at("/args/pattern")
        .help("repeat less, or split it into several checks")
}

fn anchored(hir: &Hir, end: Look) -> bool {
    let properties = hir.properties();
    match end {
        Look::Start => properties.look_set_prefix().contains(end),
        _ => properties.look_set_suffix().contains(end),
    }
}

/// The lengths in bytes outside which nothing matches.
fn lengths(hir: &Hir) -> (usize, usize) {
    let whole = anchored(hir, Look::Start) && anchored(hir, Look::End);
    let longest = hir.properties().maximum_len().filter(|_| whole).unwrap_or(usize::MAX);
    (hir.properties().minimum_len().unwrap_or(0), longest)
}

/// A search that builds its states while it runs.
struct Search {
    regex: meta::Regex,
    /// Caches that no thread uses at the moment.
    idle: Mutex<Vec<Cache>>,
}

impl fmt::Debug for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search").finish_non_exhaustive()
    }
}

impl Search {
    fn new(hir: &Hir) -> Result<Self> {
        let config = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(PROGRAM_BYTES))
            .hybrid_cache_capacity(CACHE_BYTES);
        let regex =
            meta::Builder::new().configure(config).build_from_hir(hir).map_err(|_| too_large())?;
        Ok(Self { regex, idle: Mutex::default() })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Cache>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question for Search {
    fn ask<R: Rows>(&self, rows: &R, first: usize, asked: u64) -> u64 {
        let mut cache = self.idle().pop().unwrap_or_else(|| self.regex.create_cache());
        let mut found = 0;
        let mut rest = asked;
        while rest != 0 {
            let row = rows.row(first + rest.trailing_zeros() as usize);
            let input = Input::new(row.bytes()).earliest(true);
            if self.regex.search_half_with(&mut cache, &input).is_some() {
                found |= rest & rest.wrapping_neg();
            }
            rest &= rest - 1;
        }
        self.idle().push(cache);
        found
    }
}
