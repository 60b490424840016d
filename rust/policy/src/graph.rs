//! The graph of rules: recursion, the longest chain of calls, and what an entry point reaches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::analysis::Analysis;
use crate::finding::{Code, Finding};
use crate::limits::Limits;

/// Refuses rules that depend on themselves, and chains of rules deeper than the bound: the engine
/// recurses along both, and only a bound kept before it starts keeps the stack whole.
pub(crate) fn check(
    analysis: &Analysis,
    files: &[&str],
    limits: &Limits,
    findings: &mut Vec<Finding>,
) {
    let count = analysis.groups.len();
    let mut waiting: Vec<usize> = analysis.groups.iter().map(|g| g.uses.len()).collect();
    let mut used_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, group) in analysis.groups.iter().enumerate() {
        for used in &group.uses {
            used_by.entry(*used).or_default().push(at);
        }
    }
    let mut depths: Vec<usize> = analysis.groups.iter().map(|g| g.depth + 1).collect();
    let mut ready: VecDeque<usize> = (0..count)
        .filter(|at| waiting.get(*at) == Some(&0))
        .collect();
    let mut done = BTreeSet::new();
    while let Some(at) = ready.pop_front() {
        done.insert(at);
        let below = depths.get(at).copied().unwrap_or(0);
        for user in used_by.get(&at).into_iter().flatten() {
            let own = analysis.groups.get(*user).map_or(0, |g| g.depth + 1);
            if let Some(depth) = depths.get_mut(*user) {
                *depth = (*depth).max(own.saturating_add(below));
            }
            if let Some(left) = waiting.get_mut(*user) {
                *left -= 1;
                if *left == 0 {
                    ready.push_back(*user);
                }
            }
        }
    }
    let place = |at: usize| {
        let (module, line, column) = analysis.groups.get(at).map_or((0, 1, 1), |g| g.place);
        (files.get(module).copied().unwrap_or_default(), line, column)
    };
    if let Some(cycle) = cycle(analysis, &done) {
        let name = |at: &usize| {
            analysis
                .groups
                .get(*at)
                .map_or(String::new(), |g| g.path.join("."))
        };
        let names: Vec<String> = cycle.iter().take(6).map(name).collect();
        let (file, line, column) = place(cycle.first().copied().unwrap_or(0));
        findings.push(
            Finding::error(
                Code::Recursion,
                file,
                format!("a rule depends on itself: {}", names.join(" -> ")),
            )
            .at(line, column),
        );
    }
    let deepest = (0..count)
        .filter(|at| done.contains(at))
        .max_by_key(|at| depths.get(*at));
    if let Some(at) = deepest {
        if depths.get(at).copied().unwrap_or(0) > limits.max_call_depth {
            let (file, line, column) = place(at);
            findings.push(
                Finding::error(
                    Code::TooDeep,
                    file,
                    format!(
                        "rules call each other deeper than {}",
                        limits.max_call_depth
                    ),
                )
                .at(line, column)
                .help("shorten the chain of rules, or raise limits.max_call_depth"),
            );
        }
    }
}

/// One cycle among the groups that never became ready.
fn cycle(analysis: &Analysis, done: &BTreeSet<usize>) -> Option<Vec<usize>> {
    let mut at = (0..analysis.groups.len()).find(|at| !done.contains(at))?;
    let mut trail = Vec::new();
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    loop {
        if let Some(start) = seen.get(&at) {
            let mut cycle = trail.split_off(*start);
            cycle.push(at);
            return Some(cycle);
        }
        seen.insert(at, trail.len());
        trail.push(at);
        at = analysis
            .groups
            .get(at)?
            .uses
            .iter()
            .copied()
            .find(|next| !done.contains(next))?;
    }
}

/// The groups that these reach, themselves included.
pub(crate) fn reach(analysis: &Analysis, from: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    let mut open: Vec<usize> = from.into_iter().collect();
    let mut found = BTreeSet::new();
    while let Some(at) = open.pop() {
        if found.insert(at) {
            open.extend(analysis.groups.get(at).into_iter().flat_map(|g| &g.uses));
        }
    }
    found
}
