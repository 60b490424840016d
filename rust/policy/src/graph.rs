//! The graph of rules: recursion, the longest chain of calls, how values may grow along it, and
//! what an entry point reaches.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::analysis::Analysis;
use crate::finding::{Code, Finding};
use crate::limits::Limits;

/// What a set may cost, beyond what its clock and its bounded builtins see.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Depth of the expressions along the longest chain of rules.
    pub(crate) calls: usize,
    /// Logarithm to base two of the factor by which a value may grow.
    pub(crate) doublings: usize,
    /// Depth of the deepest value that rules construct.
    pub(crate) levels: usize,
}

/// Depth of values that the stack of a decision's own thread holds with room to spare.
const MAX_LEVELS: usize = 50_000;

impl Cost {
    /// Whether the set can be evaluated on the caller's stack, within the budget of time.
    pub(crate) fn is_plain(self) -> bool {
        self.calls <= 96 && self.doublings <= 24 && self.levels <= 200
    }
}

/// Refuses rules that depend on themselves, and chains of rules deeper than the bounds: the engine
/// recurses along both, and only a bound kept before it starts keeps the stack whole.
pub(crate) fn check(
    analysis: &Analysis,
    files: &[&str],
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Cost {
    let order = order(analysis);
    let mut costs: BTreeMap<usize, Cost> = BTreeMap::new();
    let mut whole = Cost::default();
    let mut deepest = None;
    for at in &order {
        let (inner, outer) = cost(analysis, *at, &costs);
        if inner.calls > whole.calls {
            deepest = Some(*at);
        }
        whole.calls = whole.calls.max(inner.calls);
        whole.doublings = whole.doublings.max(inner.doublings);
        whole.levels = whole.levels.max(inner.levels);
        costs.insert(*at, outer);
    }
    let place = |at: usize| {
        let (module, line, column) = analysis.groups.get(at).map_or((0, 1, 1), |g| g.place);
        (files.get(module).copied().unwrap_or_default(), line, column)
    };
    let done: BTreeSet<usize> = order.into_iter().collect();
    if let Some(cycle) = cycle(analysis, &done) {
        let name = |at: &usize| {
            analysis.groups.get(*at).map_or(String::new(), |group| group.path.join("."))
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
    let too_deep = |at: usize, message: String| {
        let (file, line, column) = place(at);
        Finding::error(Code::TooDeep, file, message).at(line, column)
    };
    if let Some(at) = deepest.filter(|_| whole.calls > limits.max_call_depth) {
        let message = format!("rules call each other deeper than {}", limits.max_call_depth);
        findings.push(
            too_deep(at, message)
                .help("shorten the chain of rules, or raise limits.max_call_depth"),
        );
    }
    if whole.levels > MAX_LEVELS {
        let message = format!("rules construct values deeper than {MAX_LEVELS}");
        findings.push(too_deep(0, message));
    }
    whole
}

/// What evaluating a group may cost, and what its value may cost those who use it.
fn cost(analysis: &Analysis, at: usize, costs: &BTreeMap<usize, Cost>) -> (Cost, Cost) {
    let Some(group) = analysis.groups.get(at) else {
        return Default::default();
    };
    let mut used = Cost::default();
    for next in &group.uses {
        let cost = costs.get(next).copied().unwrap_or_default();
        used.calls = used.calls.max(cost.calls);
        used.doublings = used.doublings.max(cost.doublings);
        used.levels = used.levels.max(cost.levels);
    }
    let (mut inner, mut outer) = (used, used);
    for (growth, calls) in &group.bodies {
        // A function's result may be handed to the next call, so calls add up.
        let called = |of: fn(&Cost) -> usize| {
            let parts = calls.iter().filter_map(|call| costs.get(call)).map(of);
            parts.fold(0usize, usize::saturating_add)
        };
        let doublings = used
            .doublings
            .saturating_add(growth.doublings)
            .saturating_add(called(|cost| cost.doublings));
        let levels =
            used.levels.saturating_add(growth.levels).saturating_add(called(|cost| cost.levels));
        inner.doublings = inner.doublings.max(doublings);
        inner.levels = inner.levels.max(levels);
        outer.doublings = outer.doublings.max(doublings.saturating_add(growth.members));
        outer.levels = outer.levels.max(levels);
    }
    inner.calls = used.calls.saturating_add(group.depth + 1);
    outer.calls = inner.calls;
    (inner, outer)
}

/// The groups so that each comes after those it uses; those on or behind a cycle are left out.
fn order(analysis: &Analysis) -> Vec<usize> {
    let mut waiting: Vec<usize> = analysis.groups.iter().map(|g| g.uses.len()).collect();
    let mut used_by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, group) in analysis.groups.iter().enumerate() {
        for used in &group.uses {
            used_by.entry(*used).or_default().push(at);
        }
    }
    let mut ready: VecDeque<usize> =
        (0..analysis.groups.len()).filter(|at| waiting.get(*at) == Some(&0)).collect();
    let mut order = Vec::new();
    while let Some(at) = ready.pop_front() {
        order.push(at);
        for user in used_by.get(&at).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(*user) {
                *left -= 1;
                if *left == 0 {
                    ready.push_back(*user);
                }
            }
        }
    }
    order
}

/// One cycle among the groups that are not in order.
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
        at = analysis.groups.get(at)?.uses.iter().copied().find(|next| !done.contains(next))?;
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
